import fc from "fast-check";
import { openLibrary } from "./library.ts";
import { simulate } from "./network.ts";
import * as S from "./schedules.ts";
import * as V from "./verdicts.ts";
const runs = Number(process.argv[2] ?? 300),
  seed = Number(process.argv[3] ?? 1);
async function tryIt(
  name: string,
  lib: ReturnType<typeof openLibrary>,
  arb: fc.Arbitrary<any>,
  f: (r: any, s: any) => Promise<string | null> | string | null,
  opts: any = {},
) {
  const b = performance.now();
  let n = 0,
    sends = 0;
  const hist: Record<number, number> = {};
  const d = await fc.check(
    fc.asyncProperty(arb, async (s) => {
      lib.beginRun();
      n++;
      sends += s.victim.length;
      const run = await simulate(lib, s, opts);
      const v = await f(run, s);
      hist[run.rounds] = (hist[run.rounds] ?? 0) + 1;
      if (v !== null) throw new Error(v + "\n" + V.tell(run));
    }),
    { numRuns: runs, seed },
  );
  console.log(
    name,
    "failed",
    d.failed,
    "runs",
    n,
    "sends/run",
    (sends / n).toFixed(1),
    "s",
    ((performance.now() - b) / 1000).toFixed(1),
    JSON.stringify([...lib.outcomes]),
    JSON.stringify(hist),
  );
  if (d.failed)
    console.log(
      "numRuns",
      d.numRuns,
      "shrinks",
      d.numShrinks,
      (d.errorInstance as Error).stack,
      "\n",
      JSON.stringify(d.counterexample),
    );
}
const honest = async (r: any) => V.judgeHonest(r);
const W = 10_000;
const which = process.argv[4] ?? "";
const go = (k: string) => which === "" || which === k;
if (go("honest")) await tryIt("honest", openLibrary(), S.honestSchedules({ window: W }), honest);
if (go("w1")) await tryIt("honest 1ms", openLibrary({ window: 1 }), S.honestSchedules({ window: 1 }), honest);
if (go("stolen")) await tryIt("stolen", openLibrary(), S.stolenSchedules({ window: W }), (r) => V.judgeContained(r, W));
if (go("end"))
  await tryIt("ended", openLibrary(), S.endedSchedules({ window: W }, V.MOST_ROUNDS), (r) => V.judgeAlarm(r));
if (go("revoked")) {
  const l = openLibrary();
  await tryIt(
    "revoked",
    l,
    S.revokedSchedules({ window: W }),
    async (r) => V.judgeEnded(r.log) ?? ((await l.exists(r.handle)) ? "row" : null),
  );
}
if (go("par"))
  await tryIt("honest parallel", openLibrary(), S.honestSchedules({ window: W, coarse: true }), honest, {
    together: true,
  });
if (go("long")) await tryIt("long", openLibrary(), S.honestSchedules({ window: W, life: 20 * W }), honest);
if (go("long2")) await tryIt("1.1W", openLibrary(), S.honestSchedules({ window: W, life: 1.1 * W }), honest);
if (go("zero")) await tryIt("zero", openLibrary({ window: 0 }), S.honestSchedules({ window: W }), honest);
if (go("store"))
  await tryIt("stores every", openLibrary(), S.honestSchedules({ window: W }), honest, { storesEveryAnswer: true });

if (go("skew"))
  await tryIt(
    "skew",
    openLibrary({ clocks: [0, 60_000], path: `/tmp/scr/skew.${process.pid}.db` }),
    S.honestSchedules({ window: W }),
    honest,
  );
if (go("skew5"))
  await tryIt(
    "skew5",
    openLibrary({ clocks: [0, 5_000], path: `/tmp/scr/skew5.${process.pid}.db` }),
    S.honestSchedules({ window: W }),
    honest,
  );
if (go("skew11"))
  await tryIt(
    "skew11",
    openLibrary({ clocks: [0, 11_000], path: `/tmp/scr/skew11.${process.pid}.db` }),
    S.honestSchedules({ window: W }),
    honest,
  );

if (go("skewok")) await tryIt("skew ok", openLibrary({ window: 70_000, clocks: [0, 60_000], path: `/tmp/scr/skew6.${process.pid}.db` }), S.honestSchedules({ window: W }), honest);
if (go("skewok2")) await tryIt("skew 69", openLibrary({ window: 69_000, clocks: [0, 60_000], path: `/tmp/scr/skew7.${process.pid}.db` }), S.honestSchedules({ window: W }), honest);
