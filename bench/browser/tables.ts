import type { PartSize } from "../../scripts/size.ts";
import { figure, type Row, type Table } from "../report/table.ts";
import { median, quantile } from "../statistics.ts";
import type { ReadyContender } from "./contenders.ts";
import type { MeasuredContender } from "./rounds.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

export function toSizeTable(contenders: readonly ReadyContender[], parts: readonly PartSize[]): Table {
  const pages = contenders.map(({ id, name, size }) => ({
    id,
    name: `a page with ${name}, by rolldown`,
    cells: { gzipped: figure(size.gzipped) },
  }));
  const ours = parts.map(({ part, bytes }) => ({
    id: part,
    name: `\`${part}\`, by esbuild`,
    cells: { gzipped: figure(bytes) },
  }));
  return {
    id: "browser-size",
    title: "Browser: what a page loads",
    columns: [{ id: "gzipped", title: "min + gzip, bytes" }],
    rows: [...pages, ...ours],
  };
}

export function toScenarioTable(scenario: ScenarioName, tabs: number, measured: readonly MeasuredContender[]): Table {
  return {
    id: `browser-${scenario}`,
    title: `Browser: ${tabs} tabs whose access tokens have just expired, ${SCENARIOS[scenario].title}`,
    columns: [
      { id: "mean", title: "refreshes an expiry, mean", digits: 2 },
      { id: "most", title: "most" },
      { id: "failed", title: "failed calls" },
      { id: "p50", title: "all answered, p50 ms" },
      { id: "p95", title: "p95 ms" },
      { id: "call", title: "a call, p50 ms" },
      { id: "alarms", title: "sessions ended as stolen" },
    ],
    rows: measured.map(toRow),
  };
}

function toRow({ contender: { id, name, server }, rounds }: MeasuredContender): Row {
  const refreshes = rounds.map((round) => round.refreshes);
  const calls = rounds.flatMap((round) => round.calls);
  const times = rounds.map(({ ms }) => ms);
  return {
    id,
    name,
    cells: {
      mean: figure(refreshes.reduce((sum, count) => sum + count, 0) / rounds.length),
      most: figure(Math.max(...refreshes)),
      failed: `${calls.filter(({ status }) => status !== 200).length} of ${calls.length}`,
      p50: figure(median(times)),
      p95: figure(quantile(times, 0.95)),
      call: figure(median(calls.map(({ ms }) => ms))),
      alarms: String(server.count("reuse-detected")),
    },
  };
}
