import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import type { HttpApp, HttpAppOptions } from "counterfoil/testing";
import type { Listening } from "../fixtures/listen.ts";
import { switchable } from "../store/switchable-store.ts";
import type { Setup } from "./setup.ts";

/** One adapter's app, with the routes that `HttpApp` lists. */
export interface Subject {
  readonly name: string;
  /** Builds what must be built, once. */
  prepare?(): Promise<void>;
  /** The library that the app loads. Default: the one that the test loads. */
  readonly createSessions?: typeof createSessions | undefined;
  /** What the app is asked in. Default: HTTP/1.1. */
  readonly protocol?: HttpApp["protocol"];
  listen(setup: Setup): Promise<Listening>;
}

const OTHER_SECRET = "the secret of the other instance, for production";
const START = 1_790_000_000_000;

export async function startSubject(subject: Subject, options: HttpAppOptions): Promise<HttpApp> {
  const clock = { now: START };
  const { store, down, up } = switchable(memory({ production: true }));
  const create = subject.createSessions ?? createSessions;
  const sessions = create({ ...options.config, store, clock: () => clock.now });
  const other = create({
    store: memory({ production: true }),
    clock: () => clock.now,
    cookie: { hostPrefix: false },
    secret: OTHER_SECRET,
  });
  const instance = options.uninitialised === true ? {} : { sessions };
  const server = await subject.listen({
    instance,
    clock,
    twice: options.twice === true,
    ownCors: options.ownCors,
    other: { sessions: other },
  });
  return {
    port: server.port,
    protocol: subject.protocol,
    sessions,
    clock,
    setStoreDown: (isDown) => (isDown ? down() : up()),
    async close() {
      await server.close();
      await sessions.close();
      await other.close();
    },
  };
}
