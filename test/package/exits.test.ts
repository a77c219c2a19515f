/** A process that has sessions and nothing else ends by itself: no timer and no handle is open. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const urlOf = (entry: string): string => JSON.stringify(new URL(`../../dist/${entry}.js`, import.meta.url).href);

/** The instance is not closed. */
const codeOf = (store: string, revocation: string): string => `
  import { createSessions } from ${urlOf("index")};
  import { memory } from ${urlOf("memory")};
  import { sqlite } from ${urlOf("sqlite")};
  const tokens = { accessToken: { revocation: "${revocation}" } };
  const sessions = createSessions({ secret: "s".repeat(43), store: ${store}, tokens });
  const { accessToken, refreshToken } = await sessions.createNewSession("alice");
  await sessions.getSession(accessToken.value, null);
  const { newAccessToken } = await sessions.refreshSession(refreshToken.value);
  await sessions.getSession(newAccessToken.value, null);
  console.log("done");`;

test.each([
  ["memory()", "off"],
  ["memory()", "feed"],
  [`sqlite({ path: "sessions.db" })`, "store"],
  [`sqlite({ path: "sessions.db" })`, "feed"],
])("with the store %s and revocation %s", async (store, revocation) => {
  const cwd = mkdtempSync(join(tmpdir(), "counterfoil-exits-"));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const script = codeOf(store, revocation);
  // Killed after that time, which makes it fail.
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd, timeout: 120_000 });
  expect(stdout).toBe("done\n");
});
