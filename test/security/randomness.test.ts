import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../docs/snippets.ts";

const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file, text: readFileSync(join(root, "src", file), "utf8") }));

const filesWith = (pattern: RegExp): string[] =>
  files
    .filter(({ text }) => pattern.test(text))
    .map(({ file }) => file)
    .toSorted();

test("handles, tokens, keys and secrets are made of random bytes of node:crypto (ASVS 5.0 7.2.3)", () => {
  const makers = ["lib/crypto/secret.ts", "lib/key/ring-key.ts", "lib/session/handle.ts", "lib/token/refresh-token.ts"];
  expect(filesWith(/import \{[^}]*\brandomBytes\b[^}]*\} from "node:crypto"/)).toEqual(expect.arrayContaining(makers));
});

test("Math.random makes pauses between attempts, and nothing else", () => {
  expect(filesWith(/Math\s*\.\s*random/)).toEqual([
    "lib/browser/open-pages/watch-session.ts",
    "lib/browser/session-refresh.ts",
    "lib/store/redis/redis-runner.ts",
    "lib/store/sql/sql-runner.ts",
  ]);
});
