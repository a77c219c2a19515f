/** What sessions cost a server that does nothing else, against other libraries: `npm run bench -- http`. Never fails for a figure. */
import { startMariaDb } from "../test/servers/mariadb.ts";
import { startRedis } from "../test/servers/redis.ts";
import type { Backends, Framework } from "./http-contenders.ts";
import { readOptions } from "./http-options.ts";
import { printFramework, printTargets } from "./http-report.ts";
import { type MeasuredContender, measureFramework } from "./http-rounds.ts";
import { describeLoad, describeMachine, isBusy } from "./machine.ts";

export async function runHttp(args: readonly string[]): Promise<void> {
  const { frameworks, rounds, slice } = readOptions(args);
  console.log(describeMachine());
  const all = new Map<Framework, readonly MeasuredContender[]>();
  await withBackends(async (backends) => {
    for (const framework of frameworks) {
      const measured = await measureFramework(framework, backends, { rounds, slice });
      all.set(framework, measured);
      printFramework(framework, measured);
      console.log(`  load ${describeLoad()} after ${rounds} rounds of ${slice} ms each`);
    }
  });
  printTargets(all);
  if (isBusy())
    console.log(`\nOthers used this machine (load ${describeLoad()}): run this again on a quiet one before you judge.`);
}

async function withBackends(use: (backends: Backends) => Promise<void>): Promise<void> {
  const mariaDb = await startMariaDb();
  try {
    const redis = await startRedis();
    try {
      const { host, port, user, password, database } = mariaDb.connectionOptions(
        await mariaDb.createDatabase("original"),
      );
      await use({ mysql: { host, port, user, password, database }, redisUrl: redis.url });
    } finally {
      await redis.remove();
    }
  } finally {
    await mariaDb.remove();
  }
}
