/**
 * What sessions cost a server that does nothing else, against other libraries and against a floor.
 */
import { startMariaDb } from "../../test/servers/mariadb.ts";
import { startRedis } from "../../test/servers/redis.ts";
import { defineBench } from "../command/bench.ts";
import { count, someOf } from "../command/option.ts";
import { describeLoad } from "../machine.ts";
import { note } from "../note.ts";
import type { Table } from "../report/table.ts";
import { toMysqlAddress } from "../servers/original-database.ts";
import { type Backends, FRAMEWORKS, type Guard } from "./contenders.ts";
import { type Measured, measurePass } from "./rounds.ts";
import { toTable, writeSetups } from "./tables.ts";

export const bench = defineBench({
  measures: "what sessions cost a server, against other libraries and a floor",
  options: {
    framework: someOf(FRAMEWORKS),
    processes: count(3, 1),
    "http-rounds": count(5, 1),
    "http-slice": count(400, 100),
    "http-warm-up": count(15_000, 500),
  },
  run: ({ framework: frameworks, processes, "http-rounds": rounds, "http-slice": slice, "http-warm-up": warmUp }) =>
    withBackends(async (backends) => {
      const tables: Table[] = [];
      for (const framework of frameworks) {
        const passes: ReadonlyMap<Guard, Measured>[] = [];
        for (let pass = 0; pass < processes; pass += 1) {
          note(`http: ${framework}, pass ${pass + 1} of ${processes} (load ${describeLoad()})`);
          passes.push(await measurePass(framework, backends, { rounds, slice, warmUp }));
        }
        tables.push(toTable(framework, passes));
      }
      return [...tables, writeSetups(frameworks)];
    }),
});

async function withBackends<T>(use: (backends: Backends) => Promise<T>): Promise<T> {
  const mariaDb = await startMariaDb();
  try {
    const redis = await startRedis();
    try {
      const mysql = toMysqlAddress(mariaDb.connectionOptions(await mariaDb.createDatabase()));
      return await use({ mysql, redisUrl: redis.url });
    } finally {
      await redis.remove();
    }
  } finally {
    await mariaDb.remove();
  }
}
