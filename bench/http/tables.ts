import { combine, type Figure, figure, ratio, type Table } from "../report/table.ts";
import { contendersOf, type Framework, FRAMEWORK_NAMES, GUARDS, type Guard } from "./contenders.ts";
import type { Measured } from "./rounds.ts";

export function toTable(framework: Framework, passes: readonly ReadonlyMap<Guard, Measured>[]): Table {
  const figureOf = (guard: Guard, what: keyof Measured): Figure =>
    figure(...passes.map((pass) => pass.get(guard)?.[what] ?? Number.NaN));
  const none = figureOf("none", "cpu");
  const rows = contendersOf(framework).map(({ guard }) => {
    const [cpu, rate] = [figureOf(guard, "cpu"), figureOf(guard, "requestsPerSecond")];
    return {
      id: guard,
      name: GUARDS[guard].name,
      cells: {
        cpu,
        added: combine((value, base) => value - base, cpu, none),
        over: ratio(cpu, none),
        rate,
        ofNone: ratio(rate, figureOf("none", "requestsPerSecond")),
        busy: combine((value) => 100 * value, figureOf(guard, "busy")),
        promises: figureOf(guard, "promises"),
        timers: figureOf(guard, "timers"),
      },
    };
  });
  return {
    id: `http-${framework}`,
    title: `HTTP: ${FRAMEWORK_NAMES[framework]}`,
    columns: [
      { id: "cpu", title: "CPU a request, µs", digits: 1, spread: true },
      { id: "added", title: "added, µs", digits: 1 },
      { id: "over", title: "x none", digits: 2 },
      { id: "rate", title: "requests a second" },
      { id: "ofNone", title: "x none", digits: 2 },
      { id: "busy", title: "core busy", unit: " %" },
      { id: "promises", title: "promises a request", digits: 1 },
      { id: "timers", title: "timers", digits: 1 },
    ],
    rows,
  };
}

/** Each contender once, for all frameworks. */
export function writeSetups(frameworks: readonly Framework[]): Table {
  const guards = new Set(frameworks.flatMap(contendersOf).map(({ guard }) => guard));
  return {
    id: "http-setups",
    title: "HTTP: how each is set up",
    columns: [{ id: "setup", title: "set up as" }],
    rows: [...guards].map((guard) => ({ id: guard, name: GUARDS[guard].name, cells: { setup: GUARDS[guard].setup } })),
    notes: [
      "One `POST` with a short JSON answer, `NODE_ENV=production`, 16 connections from another process. CPU is the server process's own, all threads, user and system, while the load's core is busy as well. Each server first lets the right user through and refuses a missing and an altered cookie, and a missing and an altered anti-CSRF token where it has one.",
    ],
  };
}
