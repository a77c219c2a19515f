import { cpuTime } from "../child.ts";
import { median } from "../statistics.ts";
import type { Credentials, Library } from "./library.ts";

/** µs a call, `await` included. */
export interface Slice {
  /** One call right after another. */
  readonly hot: number;
  /** The same, by the processor time of the process, all threads. */
  readonly cpu: number;
  /** A few calls at a time, with other data read in between, as between requests. */
  readonly cold: number;
}

const HOT_CALLS = 1000;
const COLD_CALLS = 16;
/** More than the caches next to a core hold. */
const OTHER_DATA = new Uint8Array(4 * 2 ** 20);
const CACHE_LINE = 64;

/**
 * Gives the texts of one call after another, each a string of its own, as each request brings one.
 */
export function createTurns(credentials: readonly Credentials[]): (calls: number) => readonly Texts[] {
  const all = credentials.map(({ token, antiCsrf }) => [Buffer.from(token), Buffer.from(antiCsrf)] as const);
  let turn = 0;
  const next = (): Texts => {
    const [token, antiCsrf] = all[turn] ?? [];
    turn = (turn + 1) % all.length;
    return { token: token?.toString("latin1") ?? "", antiCsrf: antiCsrf?.toString("latin1") ?? "" };
  };
  return (calls) => Array.from({ length: calls }, next);
}

export interface Texts {
  readonly token: string;
  readonly antiCsrf: string;
}

type Turns = ReturnType<typeof createTurns>;

/** For about so many ms, half of them hot. */
export async function measureSlice(library: Library<unknown>, turns: Turns, ms: number): Promise<Slice> {
  return { ...(await measureHot(library, turns, ms / 2)), cold: await measureCold(library, turns, ms / 2) };
}

async function measureHot(library: Library<unknown>, turns: Turns, ms: number): Promise<Pick<Slice, "hot" | "cpu">> {
  let [calls, took, cpu] = [0, 0, 0];
  for (const end = performance.now() + ms; performance.now() < end || calls === 0; calls += HOT_CALLS) {
    const texts = turns(HOT_CALLS);
    const [begun, cpuBefore] = [performance.now(), cpuTime()];
    for (const { token, antiCsrf } of texts) await library.verify(token, antiCsrf);
    cpu += cpuTime() - cpuBefore;
    took += performance.now() - begun;
  }
  return { hot: (took * 1000) / calls, cpu: cpu / calls };
}

/**
 * The median of its batches, so that a batch in which another process had the core does not count.
 */
async function measureCold(library: Library<unknown>, turns: Turns, ms: number): Promise<number> {
  const batches: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end || batches.length === 0;) {
    const texts = turns(COLD_CALLS);
    readOtherData();
    const begun = performance.now();
    for (const { token, antiCsrf } of texts) await library.verify(token, antiCsrf);
    batches.push(((performance.now() - begun) * 1000) / COLD_CALLS);
  }
  return median(batches);
}

function readOtherData(): void {
  for (let at = 0; at < OTHER_DATA.length; at += CACHE_LINE) OTHER_DATA[at] = (OTHER_DATA[at] ?? 0) + 1;
}
