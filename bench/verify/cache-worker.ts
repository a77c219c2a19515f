/**
 * The process of one cache: started by cache.ts, with an order as its argument and `--expose-gc`.
 */
import { randomBytes } from "node:crypto";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { cpuTime, serveParent } from "../child.ts";
import { CLAIMS, userNames } from "./library.ts";

export interface CacheOrder {
  readonly tokens: number;
  readonly times: number;
  readonly cacheSize: number;
}

export interface CacheAnswer {
  /** CPU a call, all threads. */
  readonly us: number;
  /** By how many bytes the process has grown. */
  readonly held: number;
}

await serveParent(async ({ tokens, times, cacheSize }: CacheOrder) => {
  const sessions = createSessions({
    secret: randomBytes(32).toString("base64"),
    // A million sessions would hide what a million tokens take.
    store: {
      ...memory({ production: true }),
      createSession: async () => ({ created: true, ended: [], replaced: false }),
    },
    tokens: { accessToken: { validity: "1d", cacheSize } },
  });
  const lines = await mint(async (user) => (await sessions.createNewSession(user, CLAIMS)).accessToken.value, tokens);
  return {
    ready: {},
    async answer(): Promise<CacheAnswer> {
      const before = usedBytes();
      const cpuBefore = cpuTime();
      for (let time = 0; time < times; time += 1) {
        // A string of its own for each call, as each request brings one.
        for (let at = 0; at < lines.length; at += 1) await sessions.getSession(lines.textAt(at), null);
      }
      const us = (cpuTime() - cpuBefore) / (times * lines.length);
      return { us, held: usedBytes() - before };
    },
  };
});

interface Lines {
  readonly length: number;
  textAt(index: number): string;
}

/** Outside the heap, so that only the cache holds strings. */
async function mint(sign: (user: string) => Promise<string>, count: number): Promise<Lines> {
  let all = Buffer.alloc(0);
  const ends = new Float64Array(count);
  let end = 0;
  for (const [index, user] of userNames(count).entries()) {
    const token = await sign(user);
    if (all.length === 0) all = Buffer.alloc((token.length + 16) * count);
    end += all.write(token, end, "latin1");
    ends[index] = end;
  }
  return { length: count, textAt: (index) => all.toString("latin1", ends[index - 1] ?? 0, ends[index]) };
}

function usedBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
