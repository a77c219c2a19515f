import { generalError, SessionError } from "../errors.ts";
import { diagnoseNetwork, errorCode } from "./sql-driver.ts";

/** The word in capitals that an error reply of the server begins with; empty where it is none. */
export function replyCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Servers before version 7 wrap what went wrong within a script.
  const message = error.message.replace(/^ERR Error running script .*? -?(?=[A-Z]+ )/s, "");
  if (FOREIGN_KEY.test(message) || ASTRAY.test(message)) return "TRYAGAIN";
  if (FORBIDDEN.test(message)) return "NOPERM";
  if (APART.test(message)) return "CROSSSLOT";
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? "";
}

/** Said to a script whose key is on its way to another node, and which has written nothing yet. */
const FOREIGN_KEY = /attempted to access a non local key/;

/** Said by the drivers when each node has sent them to another for too long, as in the middle of a fail-over. */
const ASTRAY = /^Too many Cluster redirections/;

/** Said to a script whose user may not do what it does; only single commands get a code for that. */
const FORBIDDEN = /ACL failure in script|user executing the script can't/;

/** Said by ioredis of a pipeline, before it asks the server. */
const APART = /should belong to the same slot/;

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
  READONLY: "the server is read-only, as replicas are; give the master",
  CLUSTERDOWN: "the cluster is down: some slots have no master; it serves again when they have",
  TRYAGAIN: "these sessions are on their way to another node of the cluster; it serves again when they are there",
  ASK: "these sessions are on their way to another node of the cluster; it serves again when they are there",
  MASTERDOWN: "the server has lost its master; give the master",
  LOADING: "the server is loading its data; it serves again in a moment",
  BUSY: "the server is busy with a script of somebody's; it serves again in a moment",
  OOM: "the server has no memory left; raise its maxmemory",
  MISCONF: "the server cannot write to its disk and so takes no writes; its log says why",
  NOREPLICAS: "the server has fewer replicas than its min-replicas-to-write asks for",
};

const UNSUITABLE: Readonly<Record<string, string>> = {
  MOVED:
    "the server is a node of a cluster; give a client that knows clusters, createCluster() of node-redis or Cluster of ioredis",
  CROSSSLOT: "the server is a cluster that keeps the keys of one session apart; is there a {…} in a key prefix?",
  NOPERM:
    "the user of the server lacks a right; grant it the keys that begin with the prefix, and +@hash +@sortedset +@scripting +del +time +info +wait",
};

/** Errors of the drivers and of Node, by the names of their classes, by what they say where they have none, and by their codes. */
const LOST: ReadonlySet<string> = new Set([
  "ClientClosedError",
  "ClientOfflineError",
  "ConnectionTimeoutError",
  "DisconnectsClientError",
  "SocketClosedUnexpectedlyError",
  "AbortError",
  "MaxRetriesPerRequestError",
  "Connection is closed.",
  "ECONNRESET",
  "EPIPE",
]);

const isLost = (error: Error): boolean =>
  [error.constructor.name, error.message, errorCode(error)].some((name) => LOST.has(name));

function faultOf(error: Error): string | undefined {
  const network = diagnoseNetwork(error);
  if (network?.kind === "fault") return network.message;
  return isLost(error) ? "the connection to the server broke, or there is none; it is made anew" : undefined;
}

/** With what is known about a fault in the message, and the driver's own error as the cause. */
export function explain(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SessionError) return error;
  const code = replyCode(error);
  const unsuitable = UNSUITABLE[code];
  if (unsuitable !== undefined) return generalError("STORE_UNSUITABLE", unsuitable, error);
  const fault = FAULTS[code] ?? faultOf(error);
  return fault === undefined ? error : generalError("STORE_UNAVAILABLE", `${fault}; sessions are untouched`, error);
}
