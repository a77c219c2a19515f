import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findBinary } from "./binaries.ts";
import { isAlive, processTree, signalAll } from "./process-tree.ts";
import type { ServerFolder } from "./server-folder.ts";
import type { SystemUser } from "./system-user.ts";
import { Hopeless, until } from "./until.ts";

/** What all servers of the tests can do. Every method is done when its promise is. */
export interface ServerLifecycle {
  /** Of the process that runs, or ran last. */
  pid(): number;
  isRunning(): boolean;
  /** SIGKILL, to its child processes too. */
  kill(): Promise<void>;
  /** In good order. */
  stop(): Promise<void>;
  /** On the same folder and port, whether it runs or not. */
  restart(): Promise<void>;
  /** Stands still, with its connections open, until `resume`. */
  pause(): void;
  resume(): void;
  /**
   * Kills it and removes its folder. Happens by itself when the test process ends, however it ends.
   */
  remove(): Promise<void>;
}

export interface ServerCommand {
  readonly folder: ServerFolder;
  readonly command: string;
  /** Asked before every start. */
  args(): readonly string[] | Promise<readonly string[]>;
  readonly user?: SystemUser | undefined;
  readonly stopSignal?: NodeJS.Signals;
  /** `false` or a failure: not yet. */
  isReady(): Promise<boolean>;
  readonly readyWithin?: number;
}

export async function startServerProcess(server: ServerCommand): Promise<ServerLifecycle> {
  const log = join(server.folder.path, "server.log");
  let child = await start();

  async function start(): Promise<ChildProcess> {
    const started = spawnServer(server, await server.args(), log);
    try {
      await until(
        `${server.command} is ready`,
        () => {
          if (hasEnded(started)) throw new Hopeless(`${server.command} has ended`);
          return server.isReady();
        },
        server.readyWithin,
      );
    } catch (cause) {
      const output = readFileSync(log, "utf8").split("\n").slice(-40).join("\n");
      await end(started, "SIGKILL");
      throw new Error(`${server.command} did not start:\n${output}`, { cause });
    }
    return started;
  }

  return {
    pid: () => child.pid ?? 0,
    isRunning: () => !hasEnded(child),
    kill: () => end(child, "SIGKILL"),
    stop: () => end(child, server.stopSignal ?? "SIGTERM"),
    async restart() {
      await end(child, server.stopSignal ?? "SIGTERM");
      child = await start();
    },
    pause: () => signalAll(processTree(child.pid ?? 0), "SIGSTOP"),
    resume: () => signalAll(processTree(child.pid ?? 0), "SIGCONT"),
    async remove() {
      await end(child, "SIGKILL");
      await server.folder.remove();
    },
  };
}

/**
 * setpriv is of Debian's essential util-linux; through it the kernel ends the server with the
 * thread that started it.
 */
export function setprivArgs(user: SystemUser | undefined): string[] {
  const become = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  return [...become, "--pdeathsig", "KILL", "--"];
}

function spawnServer(server: ServerCommand, args: readonly string[], log: string): ChildProcess {
  const output = openSync(log, "a");
  const child = spawn(findBinary("setpriv"), [...setprivArgs(server.user), server.command, ...args], {
    cwd: server.folder.path,
    // So that what it leaves there goes too.
    env: { ...process.env, TMPDIR: server.folder.path },
    stdio: ["ignore", output, output],
    // Else Ctrl-C in the terminal would stop it before the tests.
    detached: true,
  });
  closeSync(output);
  child.unref();
  return child;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const tree = processTree(child.pid);
  // A paused process obeys no other signal but this one.
  signalAll(tree, "SIGCONT");
  signalAll(signal === "SIGKILL" ? tree : [child.pid], signal);
  await until(`process ${child.pid} has ended`, () => hasEnded(child) && !tree.some(isAlive));
}
