import { type HttpClause, httpClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { isProof } from "../fixtures/bounds.ts";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { startSubject, type Subject } from "./subject.ts";

/** Each asks a whole table of rules, by up to 350 requests: half of what all clauses cost. */
const LONG: readonly string[] = ["csrf-1", "csrf-2", "csrf-6", "pages-8"];
/**
 * One for each exchange. The others have csrf-3 to csrf-5 and pages-9, and the long ones in `npm
 * run proof`.
 */
const ONE_OF_EACH: readonly string[] = ["Express 5", "Fastify 5", "Web", "Next.js 16", "node:http2"];

/** Runs the clauses on each of them, and prints which hold. Default: all clauses. */
export function testSubjects(subjects: readonly Subject[], clauses: readonly HttpClause[] = httpClauses): void {
  const table = createClauseTable(clauses);
  for (const { name } of subjects) table.add(name);
  afterAll(() => console.log(`\nClauses that hold, by adapter (not: or left to the proof):\n${table.print()}`));

  describe.each(subjects)("$name", (subject) => {
    beforeAll(() => subject.prepare?.());
    const isTried = isProof || ONE_OF_EACH.includes(subject.name);
    test.each(clauses.filter(({ id }) => isTried || !LONG.includes(id)))("$id $name", async (clause) => {
      await clause.run((options) => startSubject(subject, options));
      table.holds(subject.name, clause.id);
    });
  });
}
