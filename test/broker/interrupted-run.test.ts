/**
 * A run that is interrupted leaves no broker, no server and no browser behind, and none of their
 * folders.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { isAlive, processTree, signalAll } from "../servers/process-tree.ts";
import { isSkippedWithoutBrowser } from "../browser/chromium.ts";
import { WAITING } from "./interrupted-run/waiting-line.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

/**
 * In a process group of its own, as a shell starts it, and with a folder for all that it leaves.
 */
function startRun(services: readonly string[]): { readonly run: ChildProcess; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-run-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = spawn(
    process.execPath,
    [vitest, "run", "--config", "test/broker/interrupted-run/vitest.config.ts", "--disable-console-intercept"],
    {
      cwd: root,
      detached: true,
      env: { ...process.env, TMPDIR: folder, COUNTERFOIL_TEST_SERVICES: services.join(" ") },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return { run, folder };
}

/** All processes of the run, as soon as it says that everything is there. */
async function untilWaiting(run: ChildProcess): Promise<number[]> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [run.stdout, run.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes(WAITING)) resolve();
      });
    run.once("exit", () => reject(new Error(`the run has ended by itself:\n${said}`)));
  });
  return processTree(run.pid ?? 0);
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");

const services = ["redis", ...(isSkippedWithoutBrowser("an interrupted run with Chromium") ? [] : ["chromium"])];

describeWithServer("redis", "a run that has started servers and browsers", () => {
  test.each<[string, (pid: number) => void]>([
    ["Ctrl-C in its terminal", (pid) => void process.kill(-pid, "SIGINT")],
    ["SIGKILL to vitest alone", (pid) => void process.kill(pid, "SIGKILL")],
  ])("%s ends all of it", async (_, interrupt) => {
    const { run, folder } = startRun(services);
    const all = await untilWaiting(run);
    onTestFinished(() => signalAll(all.filter(isAlive), "SIGKILL"));
    const commands = all.map(commandOf);
    for (const part of ["broker.ts", "redis-server", ...(services.includes("chromium") ? ["--headless"] : [])])
      expect(commands, commands.join("\n")).toContainEqual(expect.stringContaining(part));

    const ended = once(run, "exit");
    interrupt(run.pid ?? 0);
    await ended;
    await expect.poll(() => all.filter(isAlive).map(commandOf)).toEqual([]);
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });
});
