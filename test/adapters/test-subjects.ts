import { type HttpClause, httpClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { createClauseTable } from "../fixtures/clause-table.ts";
import { startSubject, type Subject } from "./subject.ts";

/** Runs the clauses on each of them, and prints which hold. Default: all clauses. */
export function testSubjects(subjects: readonly Subject[], clauses: readonly HttpClause[] = httpClauses): void {
  const table = createClauseTable(clauses);
  for (const { name } of subjects) table.add(name);
  afterAll(() => console.log(`\nClauses that hold, by adapter:\n${table.print()}`));

  describe.each(subjects)("$name", (subject) => {
    beforeAll(() => subject.prepare?.());
    test.each(clauses)("$id $name", async (clause) => {
      await clause.run((options) => startSubject(subject, options));
      table.holds(subject.name, clause.id);
    });
  });
}
