/**
 * Errors that another error handler answers than ours, or the framework by itself: clients still
 * learn what to do.
 */
// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import { createSessions, type CounterfoilConfig } from "counterfoil";
import { memory } from "counterfoil/memory";
import type { HttpApp } from "counterfoil/testing";
import { afterAll, describe, expect, test } from "vitest";
import { send } from "../http/send.ts";
import { credentialsOf, signIn } from "../../src/lib/testing/http/http-app.ts";
import { REFUSALS } from "../../src/lib/testing/http/http-refusals.ts";
import { switchable } from "../store/switchable-store.ts";
import { FOREIGN_HANDLERS, type Handled } from "./foreign-handlers.ts";

/** Those that a route of the app's own meets; the ready routes answer for themselves. */
const OF_ROUTES = ["answers-1", "answers-2", "answers-3", "answers-4", "answers-5", "answers-6", "answers-7"].concat([
  "answers-8",
  "answers-9",
  "answers-18",
  "answers-22",
  "answers-23",
]);
const refusals = REFUSALS.filter(({ id }) => OF_ROUTES.includes(id));

async function start(handled: Handled, config: CounterfoilConfig = {}): Promise<HttpApp> {
  const clock = { now: 1_790_000_000_000 };
  const { store, down, up } = switchable(memory());
  const sessions = createSessions({
    ...config,
    http: { diagnostics: false, ...config.http },
    store,
    clock: () => clock.now,
  });
  const server = await handled.listen({ sessions });
  return {
    port: server.port,
    sessions,
    clock,
    setStoreDown: (isDown) => (isDown ? down() : up()),
    async close() {
      await server.close();
      await sessions.close();
    },
  };
}

describe.each(FOREIGN_HANDLERS)("$name", (handled) => {
  const apps = new Map<string, Promise<HttpApp>>();
  afterAll(async () => {
    for (const app of apps.values()) await (await app).close();
  });
  /** One app for all refusals with the same config. */
  const appWith = (config: CounterfoilConfig = {}): Promise<HttpApp> => {
    const key = JSON.stringify(config);
    const known = apps.get(key) ?? start(handled, config);
    apps.set(key, known);
    return known;
  };

  test.each(refusals)("$name: $status, with what clients go by", async ({ config, bring, ...refusal }) => {
    const app = await appWith(config);
    const own = await signIn(app);
    const answer = await bring(app, own);
    app.setStoreDown(false);
    expect({
      status: answer.status,
      challenge: answer.header("www-authenticate"),
      retryAfter: answer.header("retry-after"),
      cacheControl: answer.header("cache-control"),
    }).toEqual({
      status: refusal.status,
      challenge: refusal.challenge?.replace(/, error_description="[^"]*"/, ""),
      retryAfter: refusal.retryAfter,
      cacheControl: "no-store",
    });
    expect(answer.text).not.toMatch(/\n\s+at |\.[jt]s:\d|<br>/);
    expect(answer.text).not.toContain(refusal.code);
    for (const token of [own.access, own.refresh, own.antiCsrf]) expect(answer.text).not.toContain(token.slice(-20));
  });

  test("two refreshes of one token that are far apart: 409, and when to come again", async () => {
    const app = await appWith();
    const own = await signIn(app);
    const renew = (cookie: string) => send(app.port, { method: "POST", path: "/renew", headers: { cookie } });
    const cookieOf = ({ names, access, refresh, marker }: typeof own): string =>
      `${names.access}=${access}; ${names.marker}=${marker}; ${names.refresh}=${refresh}`;
    const child = credentialsOf(await renew(cookieOf(own)), own);
    app.clock.now += 30_000;
    await renew(cookieOf(child));
    const answer = await renew(cookieOf(own));
    expect([answer.status, answer.header("retry-after")]).toEqual([409, "1"]);
  });

  test("a session that ended under way: 401, as the one who asks for its data is told", async () => {
    const app = await appWith();
    const own = await signIn(app);
    await app.sessions.revokeAllSessionsForUser("alice");
    const cookie = `${own.names.access}=${own.access}; ${own.names.marker}=${own.marker}`;
    const answer = await send(app.port, { path: "/data", headers: { cookie } });
    expect([answer.status, answer.header("www-authenticate")]).toEqual([401, expect.stringContaining("realm=")]);
  });

  test("a refusal that the route does not mind leaves nothing on the answer", async () => {
    const answer = await send((await appWith()).port, { path: "/swallow" });
    expect([answer.status, answer.header("www-authenticate")]).toEqual([200, undefined]);
    expect(answer.header("cache-control")).not.toBe("no-store");
  });

  test("the status and the reasons are those of the instance", async () => {
    const app = await appWith({ http: { sessionExpiredStatus: 440, diagnostics: true } });
    const answer = await send(app.port, { path: "/api" });
    // Koa takes a status that it does not know for 500.
    expect([answer.status, answer.header("counterfoil-reason")]).toEqual(
      handled.knowsNoOtherStatus === true ? [500, "ACCESS_TOKEN_MISSING"] : [440, "ACCESS_TOKEN_MISSING"],
    );
  });
});
