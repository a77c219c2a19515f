import { diagnoseNetwork, errorCode } from "../network-errors.ts";
import { generalError, SessionError } from "../../errors.ts";
import { isUntouched, markUntouched, storeError } from "../../session/store-error.ts";

/**
 * The word in capitals that an error reply of the server begins with, or one of ours where it has
 * none; empty where it is no reply.
 */
export function replyCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Servers before version 7 wrap what went wrong within a script.
  const message = rootOf(error).message.replace(/^.*@user_script: ?\d+: -?/s, "");
  if (FOREIGN_KEY.test(message) || ASTRAY.test(message)) return "TRYAGAIN";
  if (FORBIDDEN.test(message)) return "NOPERM";
  if (APART.test(message)) return "CROSSSLOT";
  if (NO_DATABASE.test(message)) return "NODATABASE";
  if (NO_COMMAND.test(message)) return "NOCOMMAND";
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? "";
}

/** A cluster of ioredis that reaches no node tells what the last one said. */
const rootOf = (error: Error): Error =>
  "lastNodeError" in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;

/**
 * ioredis puts the command into its errors, with all its arguments, and so sessions and passwords.
 */
function withoutCommand(error: Error): Error {
  const root = rootOf(error);
  if (root === error && !("command" in error)) return error;
  const copy = new Error(error.message, root === error ? {} : { cause: withoutCommand(root) });
  copy.name = error.name;
  copy.stack = error.stack ?? "";
  return copy;
}

/** Said to a script whose key is on its way to another node, and which has written nothing yet. */
const FOREIGN_KEY = /attempted to access a non local key/;

/**
 * Said by the drivers when each node has sent them to another for too long, as in the middle of a
 * fail-over.
 */
const ASTRAY = /^Too many Cluster redirections/;

/**
 * Said to a script whose user may not do what it does; only single commands get a code for that.
 */
const FORBIDDEN = /ACL failure in script|user executing the script can't/;

/** Said by ioredis of a pipeline, before it asks the server. */
const APART = /should belong to the same slot/;

const NO_DATABASE = /^ERR DB index is out of range/;

/** A command that the operator has renamed or taken away, outside of a script and within. */
const NO_COMMAND = /^(ERR )?unknown (redis )?command/i;

/** The server did not do it now, and may in a moment. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "TRYAGAIN",
  "CLUSTERDOWN",
  "MASTERDOWN",
  "LOADING",
  "BUSY",
  // A master that has become a replica, until the client finds the new one.
  "READONLY",
  // A slot that is on its way to another node: no driver follows with a pipeline.
  "ASK",
]);

export const isTransient = (error: unknown): boolean => TRANSIENT.has(replyCode(error));

const FAULTS: Readonly<Record<string, string>> = {
  NOAUTH: "the server asks for a password; give username and password, or a client that has them",
  WRONGPASS: "the server refused the user name or the password; check the connection's options",
  NODATABASE: "there is no database of this number on the server; check the option database",
  READONLY: "the server is read-only, as replicas are; give the master",
  CLUSTERDOWN: "the cluster is down: some slots have no master; it serves again when they have",
  TRYAGAIN: "these sessions are on their way to another node of the cluster; it serves again when they are there",
  ASK: "these sessions are on their way to another node of the cluster; it serves again when they are there",
  MASTERDOWN: "the server has lost its master; give the master",
  LOADING: "the server is loading its data; it serves again in a moment",
  BUSY: "the server is busy with a script of somebody's; it serves again in a moment",
  OOM: "the server has no memory left; raise its maxmemory",
  MISCONF: "the server cannot write to its disk and so takes no writes; its log says why",
  // Reads that decide are refused as well: a master without replicas may be one that another has
  // replaced.
  NOREPLICAS: "the server has fewer replicas than its min-replicas-to-write asks for",
};

const UNSUITABLE: Readonly<Record<string, string>> = {
  MOVED:
    "the server is a node of a cluster; give a client that knows clusters, createCluster() of node-redis or Cluster of ioredis",
  CROSSSLOT: "the server is a cluster that keeps the keys of one session apart; is there a {…} in a key prefix?",
  NOPERM:
    "the user of the server lacks a right; grant it the keys that begin with the prefix, and +@hash +@sortedset +@scripting +del +time +info +wait, and +select for a database other than 0",
  NOCOMMAND:
    "the server lacks a command, which may have been renamed; it needs scripting (EVAL, EVALSHA), and in scripts hashes, sorted sets, DEL and TIME",
};

/**
 * Errors of the drivers and of Node, by the names of their classes, by what they say where they
 * have none, and by their codes.
 */
const LOST: ReadonlySet<string> = new Set([
  "ClientClosedError",
  "ClientOfflineError",
  "ConnectionTimeoutError",
  "DisconnectsClientError",
  "SocketClosedUnexpectedlyError",
  "TimeoutError",
  "AbortError",
  "MaxRetriesPerRequestError",
  "Connection is closed.",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  "ECONNRESET",
  "EPIPE",
]);

const isLost = (error: Error): boolean =>
  [error.constructor.name, error.message, errorCode(error)].some((name) => LOST.has(name));

function faultOf(error: Error): string | undefined {
  const network = diagnoseNetwork(rootOf(error));
  if (network?.kind === "fault") return network.message;
  return isLost(error) ? "the connection to the server broke, or there is none; it is made anew" : undefined;
}

/** Nothing was sent, or it was answered that nothing was done. */
const isRefusal = (error: Error): boolean =>
  replyCode(error) !== "" || UNSENT.has(error.constructor.name) || UNSENT.has(error.message);

const UNSENT: ReadonlySet<string> = new Set([
  "ClientClosedError",
  "ClientOfflineError",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]);

/** With what is known about a fault in the message, and the driver's own error as the cause. */
export function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SessionError) return error;
  const code = replyCode(error);
  const cause = withoutCommand(error);
  const unsuitable = UNSUITABLE[code];
  if (unsuitable !== undefined) return generalError("STORE_UNSUITABLE", unsuitable, cause);
  const fault = FAULTS[code] ?? faultOf(error);
  const told = fault === undefined ? cause : storeError(fault, cause);
  return isUntouched(error) || isRefusal(error) ? markUntouched(told) : told;
}
