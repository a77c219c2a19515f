import { type Backends, type Contender, contendersOf, type Framework, type Guard } from "./http-contenders.ts";
import { checkContender } from "./http-check.ts";
import { type Load, openLoad } from "./http-load.ts";
import { type ServerProcess, startServer } from "./http-process.ts";
import { type Credentials, signIn, writeRequest } from "./http-requests.ts";

/** One contender under load for a moment. */
export interface Slice {
  /** Of the server's process, a request, in µs. */
  readonly cpu: number;
  readonly requestsPerSecond: number;
  /** Of one core, that the server was busy with; far below 1 it was waiting for requests or for another server. */
  readonly busy: number;
}

export interface MeasuredContender {
  readonly contender: Contender;
  readonly slices: readonly Slice[];
}

interface Running {
  readonly contender: Contender;
  readonly server: ServerProcess;
  readonly load: Load;
  readonly slices: Slice[];
}

/** Live tokens in turn. Where none is remembered their number changes nothing, and some sign in slowly. */
const USERS = 200;
const USERS_OF_CACHES = 1000;
const WITH_CACHE: ReadonlySet<Guard> = new Set(["repeated", "fast-jwt"]);
const CONNECTIONS = 16;
/** Until the compiler has done its work; slow ones get no more than so many ms. */
const WARM_UP = { requests: 25_000, step: 500, most: 5000 };

/** All servers of a framework run at once, and take turns at being asked: in each round each of them, in an order of its own. */
export async function measureFramework(
  framework: Framework,
  backends: Backends,
  { rounds, slice }: { readonly rounds: number; readonly slice: number },
): Promise<readonly MeasuredContender[]> {
  const running: Running[] = [];
  const servers: ServerProcess[] = [];
  try {
    let ours: readonly Credentials[] = [];
    // The one without sessions comes last, for it is sent what ours are sent.
    for (const contender of contendersOf(framework).toReversed()) {
      const server = await startServer({ framework, guard: contender.guard, backends });
      servers.push(server);
      const given =
        contender.guard === "none"
          ? ours
          : await signIn(server.port, WITH_CACHE.has(contender.guard) ? USERS_OF_CACHES : USERS);
      if (contender.guard === "repeated") ours = given;
      const answerLength = await checkContender(server.port, contender, given);
      const load = await openLoad(server.port, given.map(writeRequest), { connections: CONNECTIONS, answerLength });
      running.unshift({ contender, server, load, slices: [] });
      await warmUp(load);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { server, load, slices } of shuffle(running)) slices.push(await measureSlice(server, load, slice));
    }
    return running;
  } finally {
    for (const { load } of running) load.close();
    for (const server of servers) server.stop();
  }
}

async function warmUp(load: Load): Promise<void> {
  const until = performance.now() + WARM_UP.most;
  for (let sent = 0; sent < WARM_UP.requests && performance.now() < until;)
    sent += (await load.run(WARM_UP.step)).requests;
}

async function measureSlice(server: ServerProcess, load: Load, ms: number): Promise<Slice> {
  const before = await server.measureCpu();
  const figures = await load.run(ms);
  const used = (await server.measureCpu()) - before;
  return {
    cpu: used / figures.requests,
    requestsPerSecond: (figures.requests * 1000) / figures.ms,
    busy: used / 1000 / figures.ms,
  };
}

const shuffle = <T>(values: readonly T[]): readonly T[] =>
  values
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
