import { diagnoseNetwork, errorCode } from "../network-errors.ts";
import { generalError, SessionError } from "../../errors.ts";
import { isUntouched, markUntouched, storeError } from "../../session/store-error.ts";

/**
 * The code word of an error reply of the server, or a word of ours if the reply has none; empty for
 * other errors.
 */
export function replyCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Servers before version 7 wrap errors of commands in scripts.
  const message = rootOf(error).message.replace(/^.*@user_script: ?\d+: -?/s, "");
  if (FOREIGN_KEY.test(message) || ASTRAY.test(message)) return "TRYAGAIN";
  if (FORBIDDEN.test(message)) return "NOPERM";
  if (APART.test(message)) return "CROSSSLOT";
  if (NO_DATABASE.test(message)) return "NODATABASE";
  if (NO_COMMAND.test(message)) return "NOCOMMAND";
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? "";
}

/** If a cluster of ioredis reaches no node, the last node's error says why. */
const rootOf = (error: Error): Error =>
  "lastNodeError" in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;

/**
 * Removes the command from errors of ioredis, because its arguments contain sessions and passwords.
 */
function withoutCommand(error: Error): Error {
  const root = rootOf(error);
  if (root === error && !("command" in error)) return error;
  const copy = new Error(error.message, root === error ? {} : { cause: withoutCommand(root) });
  copy.name = error.name;
  copy.stack = error.stack ?? "";
  return copy;
}

/** The reply to a script whose slot is being moved, before the script has written anything. */
const FOREIGN_KEY = /attempted to access a non local key/;

/** The drivers' error if nodes keep redirecting to each other, as during a fail-over. */
const ASTRAY = /^Too many Cluster redirections/;

/** The reply to a script whose user lacks a right. Only single commands have a code for that. */
const FORBIDDEN = /ACL failure in script|user executing the script can't/;

/** The error of ioredis for a pipeline, before it sends anything. */
const APART = /should belong to the same slot/;

const NO_DATABASE = /^ERR DB index is out of range/;

/** A command that the operator has renamed or disabled, outside of a script and within. */
const NO_COMMAND = /^(ERR )?unknown (redis )?command/i;

/** Refusals that a retry may overcome. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "TRYAGAIN",
  "CLUSTERDOWN",
  "MASTERDOWN",
  "LOADING",
  "BUSY",
  // A master became a replica; the client has to find the new one.
  "READONLY",
  // A slot is being moved. Drivers do not follow ASK in pipelines.
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
  // Reads for decisions are refused as well: another master may have replaced one without replicas.
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
 * Errors of the drivers and of Node that mean a lost connection, by class name, by message or by
 * code.
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

/** Whether nothing was sent, or the reply says that nothing was done. */
const isRefusal = (error: Error): boolean =>
  replyCode(error) !== "" || UNSENT.has(error.constructor.name) || UNSENT.has(error.message);

const UNSENT: ReadonlySet<string> = new Set([
  "ClientClosedError",
  "ClientOfflineError",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
]);

/** Adds the known cause to the message, and keeps the driver's error as `cause`. */
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
