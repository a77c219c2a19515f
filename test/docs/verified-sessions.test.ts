/** What is shown to users takes a session behind a check as it is: it is never undefined there. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readExamples } from "./examples.ts";
import { documents, root } from "./snippets.ts";

/** `findSession(req)?.` is fine: there may be none. */
const DOUBTED = /(?:\b(?:auth|session)|\b(?:sessionOf|getSession)\([^()]*\)\)?)(?:\?\.|!(?!=)).*/g;

const doubtsIn = (text: string): readonly string[] => [...text.matchAll(DOUBTED)].map(([line]) => line);

test.each([
  "req.auth?.getUserId()",
  "req.auth!",
  "session?.getHandle()",
  "sessionOf(c)!.x",
  "(await getSession(req, res))!.x",
])("%s is found", (line) => expect(doubtsIn(line)).toHaveLength(1));

test.each(["findSession(req)?.getUserId()", "sessionOf(req).getUserId()", "session !== undefined", "session!==other"])(
  "%s is not",
  (line) => expect(doubtsIn(line)).toEqual([]),
);

test("no example doubts the session of a verified route", async () => {
  const apps = globSync("examples/**/*.{ts,tsx,js,mjs}", {
    cwd: root,
    exclude: (name) => /(?:^|\/)(?:node_modules|\.next|dist)$/.test(name),
  });
  const texts = [...documents, ...apps].map((file) => ({ place: file, code: readFileSync(join(root, file), "utf8") }));
  expect(apps.length).toBeGreaterThan(10);
  const doubts = [...texts, ...(await readExamples())].flatMap(({ place, code }) =>
    doubtsIn(code).map((line) => `${place}: ${line}`),
  );
  expect(doubts).toEqual([]);
});
