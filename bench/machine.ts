import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";

/** What figures must not be read without. */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  return `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${memory}; Node ${process.version}; ${date} UTC; load ${describeLoad()}`;
}

/** Of the code that is measured. */
export function describeCommit(): string {
  try {
    return `commit ${execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: "pipe" }).trim()}`;
  } catch {
    return "no commit";
  }
}

/** More than there are cores: others were using them. */
export const describeLoad = (): string => (loadavg()[0] ?? Number.NaN).toFixed(1);

/** Whether more wants to run than there are cores, server and load of a bench among it. */
export const isBusy = (): boolean => (loadavg()[0] ?? 0) > cpus().length + 0.5;
