import { startChild } from "../child.ts";
import { note } from "../note.ts";
import { figure, type Row, type Table } from "../report/table.ts";
import type { CacheAnswer, CacheOrder } from "./cache-worker.ts";

interface Case {
  readonly id: string;
  readonly name: string;
  readonly order: CacheOrder;
}

const DEFAULT_CACHE = 10_000;

/**
 * Two processes a case, one of which remembers nothing. All else is the same in both, so what one
 * holds more is the cache's.
 */
export async function measureCache(live: number, distinct: number): Promise<Table> {
  const cases: readonly Case[] = [
    {
      id: "live",
      name: `${live.toLocaleString("en")} tokens, all remembered, 3 times each`,
      order: { tokens: live, times: 3, cacheSize: 2 * live },
    },
    {
      id: "distinct",
      name: `${distinct.toLocaleString("en")} tokens, once each, a cache of 10,000`,
      order: { tokens: distinct, times: 1, cacheSize: DEFAULT_CACHE },
    },
  ];
  const rows: Row[] = [];
  for (const { id, name, order } of cases) {
    note(`verify: the cache, ${name}`);
    const [cached, without] = [await run(order), await run({ ...order, cacheSize: 0 })];
    const held = cached.held - without.held;
    rows.push({
      id,
      name,
      cells: {
        cached: figure(cached.us),
        without: figure(without.us),
        held: figure(held / 2 ** 20),
        ...(order.cacheSize > order.tokens ? { bytes: figure(held / order.tokens) } : {}),
      },
    });
  }
  return {
    id: "cache",
    title: "Verify: the cache at scale",
    columns: [
      { id: "cached", title: "CPU a call, µs", digits: 2 },
      { id: "without", title: "the same, `cacheSize: 0`", digits: 2 },
      { id: "held", title: "memory that the cache holds, MiB", digits: 1 },
      { id: "bytes", title: "bytes a remembered token" },
    ],
    rows,
    notes: ["What a process holds, less what the same process without a cache holds: right to about 2 MiB."],
  };
}

async function run(order: CacheOrder): Promise<CacheAnswer> {
  const child = await startChild<object, CacheAnswer, unknown>(new URL("cache-worker.ts", import.meta.url), order, [
    "--expose-gc",
  ]);
  try {
    return await child.ask({});
  } finally {
    await child.stop();
  }
}
