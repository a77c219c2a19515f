import { type Child, startChild } from "../child.ts";
import { shuffle } from "../shuffle.ts";
import { median } from "../statistics.ts";
import { checkContender } from "./check.ts";
import {
  type Backends,
  type Contender,
  contendersOf,
  type Framework,
  GUARDS,
  type Guard,
  type ServerOrder,
} from "./contenders.ts";
import { type Load, openLoad } from "./load.ts";
import { type Credentials, signIn, writeRequest } from "./requests.ts";
import type { ServerAnswer, ServerQuestion, ServerReady } from "./server.ts";

/** One server under load for a moment. */
export interface Slice {
  /** Of the server's process, a request, in µs. */
  readonly cpu: number;
  readonly requestsPerSecond: number;
  /**
   * Of one core, that the server was busy with; far below 1 it was waiting for requests or for
   * another server.
   */
  readonly busy: number;
}

/** Medians of the slices of one process, and what was counted in it. */
export interface Measured extends Slice {
  /** A request. */
  readonly promises: number;
  readonly timers: number;
}

type ServerProcess = Child<ServerQuestion, ServerAnswer, ServerReady>;

interface Running {
  readonly guard: Guard;
  readonly server: ServerProcess;
  readonly load: Load;
  readonly slices: Slice[];
}

export interface Pace {
  readonly rounds: number;
  /** How long a server is under load in one round, in ms. */
  readonly slice: number;
  /** Requests before the first round. */
  readonly warmUp: number;
}

const USERS = 200;
const CONNECTIONS = 16;
/** Slow ones get no more than so many ms to warm up. */
const WARM_UP = { step: 250, most: 3000 };
const COUNT_FOR = 100;

/**
 * All servers of a framework run at once, and take turns at being asked: in each round each of
 * them, in an order of its own.
 */
export async function measurePass(
  framework: Framework,
  backends: Backends,
  pace: Pace,
): Promise<ReadonlyMap<Guard, Measured>> {
  const running: Running[] = [];
  const servers: ServerProcess[] = [];
  try {
    let ours: readonly Credentials[] = [];
    // The one without sessions comes last, for it is sent what ours are sent.
    for (const contender of contendersOf(framework).toReversed()) {
      const { guard } = contender;
      const server = await startServer({ ...contender, backends });
      servers.push(server);
      const given = guard === "none" ? ours : await signIn(server.ready.port, GUARDS[guard].users ?? USERS);
      if (guard === "repeated") ours = given;
      const load = await openLoadOf(server, contender, given);
      running.push({ guard, server, load, slices: [] });
      await warmUp(load, pace.warmUp);
    }
    for (let round = 0; round < pace.rounds; round += 1) {
      for (const { server, load, slices } of shuffle(running))
        slices.push(await measureSlice(server, load, pace.slice));
    }
    const measured = new Map<Guard, Measured>();
    for (const each of running) measured.set(each.guard, { ...medianOf(each.slices), ...(await count(each)) });
    return measured;
  } finally {
    for (const { load } of running) load.close();
    for (const server of servers) await server.stop();
  }
}

const startServer = (order: ServerOrder): Promise<ServerProcess> =>
  startChild<ServerQuestion, ServerAnswer, ServerReady>(new URL("server.ts", import.meta.url), order);

async function openLoadOf(
  { ready: { port } }: ServerProcess,
  contender: Contender,
  given: readonly Credentials[],
): Promise<Load> {
  const answerLength = await checkContender(port, contender, given);
  return openLoad(port, given.map(writeRequest), { connections: CONNECTIONS, answerLength });
}

async function warmUp(load: Load, requests: number): Promise<void> {
  const until = performance.now() + WARM_UP.most;
  for (let sent = 0; sent < requests && performance.now() < until;) sent += (await load.run(WARM_UP.step)).requests;
}

async function measureSlice(server: ServerProcess, load: Load, ms: number): Promise<Slice> {
  const before = await measureCpu(server);
  const figures = await load.run(ms);
  const used = (await measureCpu(server)) - before;
  return {
    cpu: used / figures.requests,
    requestsPerSecond: (figures.requests * 1000) / figures.ms,
    busy: used / 1000 / figures.ms,
  };
}

const measureCpu = async (server: ServerProcess): Promise<number> =>
  (await server.ask({ about: "cpu" })).cpu ?? Number.NaN;

/** After all rounds, since counting slows a server down. */
async function count({ server, load }: Running): Promise<Pick<Measured, "promises" | "timers">> {
  await server.ask({ about: "count" });
  const { requests } = await load.run(COUNT_FOR);
  const { promises = Number.NaN, timers = Number.NaN } = await server.ask({ about: "counts" });
  // A few in a thousand requests are those of the bench's own questions.
  const perRequest = (made: number): number => Math.round((10 * made) / requests) / 10;
  return { promises: perRequest(promises), timers: perRequest(timers) };
}

const medianOf = (slices: readonly Slice[]): Slice => ({
  cpu: median(slices.map(({ cpu }) => cpu)),
  requestsPerSecond: median(slices.map(({ requestsPerSecond }) => requestsPerSecond)),
  busy: median(slices.map(({ busy }) => busy)),
});
