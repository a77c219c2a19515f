/** The whole list once more, over HTTP/2: every adapter whose server speaks it. Express and the server of Next do not. */
import { httpClauses } from "counterfoil/testing";
import { afterAll, describe, test } from "vitest";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { fastifyHttp2Subject } from "./fastify.ts";
import { honoHttp2Subject } from "./hono.ts";
import { koaHttp2Subject } from "./koa.ts";
import { nestHttp2Subject } from "./nest.ts";
import { nodeHttp2Subject } from "./node.ts";
import { startSubject, type Subject } from "./subject.ts";
import { webHttp2Subject } from "./web.ts";

const SUBJECTS: readonly Subject[] = [
  nodeHttp2Subject,
  fastifyHttp2Subject,
  koaHttp2Subject,
  honoHttp2Subject,
  webHttp2Subject,
  nestHttp2Subject,
];

const table = createClauseTable(httpClauses);
for (const { name } of SUBJECTS) table.add(name);
afterAll(() => console.log(`\nClauses that hold over HTTP/2, by adapter:\n${table.print()}`));

describe.each(SUBJECTS)("$name", (subject) => {
  test.each(httpClauses)("$id $name", async (clause) => {
    await clause.run((options) => startSubject(subject, options));
    table.holds(subject.name, clause.id);
  });
});
