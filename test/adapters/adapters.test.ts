import { httpClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { expressSubjects } from "./express.ts";
import { fastifySubject } from "./fastify.ts";
import { honoSubject } from "./hono.ts";
import { koaSubject } from "./koa.ts";
import { nestSubjects } from "./nest.ts";
import { nextSubject } from "./next.ts";
import { nodeSubject } from "./node.ts";
import { startSubject, type Subject } from "./subject.ts";
import { webSubject } from "./web.ts";

const SUBJECTS: readonly Subject[] = [
  nodeSubject,
  ...expressSubjects,
  fastifySubject,
  koaSubject,
  honoSubject,
  webSubject,
  ...nestSubjects,
  nextSubject,
];

const table = createClauseTable(httpClauses);
for (const { name } of SUBJECTS) table.add(name);
afterAll(() => console.log(`\nClauses that hold, by adapter:\n${table.print()}`));

describe.each(SUBJECTS)("$name", (subject) => {
  beforeAll(() => subject.prepare?.(), 400_000);
  test.each(httpClauses)("$id $name", async (clause) => {
    await clause.run((options) => startSubject(subject, options));
    table.holds(subject.name, clause.id);
  });
});
