/** Each mistake over each adapter is told of once, and a set-up that works is told of never. */
import type { SessionEvents } from "counterfoil";
import { expect, describe, test } from "vitest";
import type { HttpApp } from "counterfoil/testing";
import { bound } from "../fixtures/bounds.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { expressSubjects } from "./express.ts";
import { fastifySubject } from "./fastify.ts";
import { honoSubject } from "./hono.ts";
import { koaSubject } from "./koa.ts";
import { nestSubjects } from "./nest.ts";
import { nodeSubject } from "./node.ts";
import { HEALTHY, MISTAKES, type Scene } from "./notices.ts";
import { startSubject, type Subject } from "./subject.ts";
import { webSubject } from "./web.ts";

const SUBJECTS = [
  nodeSubject,
  ...expressSubjects,
  fastifySubject,
  koaSubject,
  honoSubject,
  webSubject,
  ...nestSubjects,
];

const warnings = collectWarnings();

// All of them over each adapter in `npm run proof`: they have the rules in common.
const DEEP = ["Express 5", "Web"];
const isDeep = (name: string): boolean => bound(DEEP.includes(name), true);
/** One for each code. */
const FEW = MISTAKES.filter(({ told }, index) => MISTAKES.findIndex((other) => other.told === told) === index);

type Refused = SessionEvents["request-refused"];

/** Plays a scene, as often as asked; what the event told. */
async function play(subject: Subject, { config = {}, run }: Scene, times: number): Promise<readonly Refused[]> {
  const events: Refused[] = [];
  const app = await startSubject(subject, { config });
  // Few scenes need a second one.
  const other = run.length < 2 ? app : await startSubject(subject, { config });
  app.sessions.on("request-refused", (event) => void events.push(event));
  try {
    for (let count = 0; count < times; count += 1) await run(app, other);
  } finally {
    for (const one of new Set<HttpApp>([app, other])) await one.close();
  }
  return events;
}

describe.each(SUBJECTS)("$name", (subject) => {
  const healthy = isDeep(subject.name) ? HEALTHY : HEALTHY.slice(0, 4);
  const mistakes = isDeep(subject.name) ? MISTAKES : FEW;
  test.each(mistakes)("$name", async (scene) => {
    const events = await play(subject, scene, 2);
    const told = await warnings.read();
    expect(told.map(({ code }) => code)).toEqual([scene.told]);
    for (const part of scene.says ?? []) expect(told[0]?.message).toContain(part);
    expect(events.filter(({ notice }) => notice === scene.told)).toHaveLength(1);
  });

  test.each(healthy)("works: $name", async (scene) => {
    const events = await play(subject, scene, 1);
    expect((await warnings.read()).map(({ message }) => message)).toEqual([]);
    expect(events.filter(({ notice }) => notice !== null)).toEqual([]);
  });

  test("in production nothing is told, and the event counts the same", async () => {
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    try {
      for (const scene of mistakes) {
        const events = await play(subject, { ...scene, config: { ...scene.config, secret: "s".repeat(32) } }, 2);
        expect(
          events.filter(({ notice }) => notice === scene.told),
          scene.name,
        ).toHaveLength(1);
      }
    } finally {
      process.env["NODE_ENV"] = before;
    }
    expect(await warnings.codes()).toEqual([]);
  });
});
