/** Looks at a store, and makes or changes nothing in it. */
import { isErrorFromAuth } from "../../errors.ts";
import type { Policy } from "../../policy.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { errorCode } from "../../store/network-errors.ts";
import type { RedisAccess } from "../../store/store-access.ts";
import { secretBeside } from "../../store/default-store.ts";
import { DEFAULT_PREFIX } from "../../store/migrations.ts";
import { accessOf } from "./access-of.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import { checkKeys } from "./key-checks.ts";
import { checkSqlite } from "./sqlite-checks.ts";
import { checkSql } from "./sql-checks.ts";

/** @param policy undefined if the app's config is not known */
export async function checkStore(store: SessionStore, policy: Policy | undefined): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const opened = await checkKind(store);
    findings.push(...opened.findings);
    if (!opened.isUsable) return findings;
    // Changes nothing where the tables are there, but would begin to use an empty Redis.
    if (accessOf(store)?.kind !== "redis" || (await store.listKeys()).length > 0) await store.prepare();
    findings.push(...(await checkClock(store, policy)));
    findings.push(...(await checkKeys(store, policy)));
    findings.push(...(await checkLog(store, policy)));
    findings.push(...(await checkAudit(store, policy)));
  } catch (error) {
    findings.push(describeFailure(error));
  }
  return findings;
}

interface Opened {
  readonly findings: readonly Finding[];
  /** Whether a look at its content changes nothing. */
  readonly isUsable: boolean;
}

async function checkKind(store: SessionStore): Promise<Opened> {
  // Nothing of a memory store outlives the process.
  if (store.secretFile === null) return { findings: [], isUsable: false };
  const access = accessOf(store);
  switch (access?.kind) {
    case "memory":
      return { findings: [], isUsable: false };
    case "sql":
      return checkSql(access);
    case "redis":
      return checkRedis(access);
    case "sqlite":
      return checkSqlite(access);
    case undefined: {
      // The default store, before it is loaded.
      const suffix = secretBeside("");
      const file = store.secretFile;
      if (store.kind === "SQLite" && file?.endsWith(suffix) === true)
        return checkSqlite({ path: file.slice(0, -suffix.length), prefix: DEFAULT_PREFIX });
      return {
        findings: [unknown("store", "The store is not one of this package, so it is not looked at.")],
        isUsable: false,
      };
    }
  }
}

/** A policy that may evict is refused only with a limit, but then as soon as somebody sets one. */
async function checkRedis(access: RedisAccess): Promise<Opened> {
  const nodes = await access.inspect();
  const evicting = nodes.find(({ policy }) => policy.startsWith("allkeys-"));
  const rights = ok("rights", "The commands of the store may be used.");
  if (evicting !== undefined) {
    const soon = evicting.maxMemory > 0 ? "" : ", and evicts as soon as a maxmemory is set";
    const text = `The server has maxmemory-policy ${evicting.policy}${soon}: it evicts sessions and the keys that sign them, so users are signed out at random.`;
    return { findings: [rights, wrong("eviction", text, "maxmemory-policy noeviction")], isUsable: false };
  }
  const eviction = nodes.some(({ policy }) => policy === "")
    ? unknown(
        "eviction",
        "This user may not read the maxmemory-policy of the server. It should be this.",
        "maxmemory-policy noeviction",
      )
    : ok("eviction", "The server evicts no sessions.");
  return { findings: [rights, eviction], isUsable: true };
}

/** Well beyond what a network does to a reading, in ms. */
const FAR = 60_000;

async function checkClock(store: SessionStore, policy: Policy | undefined): Promise<readonly Finding[]> {
  if (store.readClock === undefined || policy?.rotation.clock === "process") return [];
  const now = policy?.clock ?? Date.now;
  const before = now();
  const time = await store.readClock();
  const behind = time - now();
  const distance = Math.max(behind, before - time);
  if (distance < FAR) return [ok("clock", "The clock of this machine agrees with the database's.")];
  return [
    wrong(
      "clock",
      `The clock of this machine is ${Math.round(distance / 1000)} s ${behind > 0 ? "behind" : "ahead of"} the database's: tokens expire too early or too late. Set the one that is wrong, and keep it right.`,
      "timedatectl set-ntp true",
    ),
  ];
}

/** How long a message may take, in ms; the store's own patience is less. */
const PATIENCE = 3000;

async function checkLog(store: SessionStore, policy: Policy | undefined): Promise<readonly Finding[]> {
  const isFeed = policy?.accessToken.revocation === "feed";
  const fault = store.logFault?.();
  if (fault !== undefined) {
    const told = `The log of revocations cannot be written: ${fault}`;
    return [
      isFeed
        ? wrong("revocation-log", `${told}.`)
        : unknown("revocation-log", `${told}. Only the mode "feed" needs it.`),
    ];
  }
  const { listen } = policy?.accessToken.feed ?? { listen: false };
  if (!isFeed || listen === false || store.watchLog === undefined)
    return [ok("revocation-log", "The log of revocations can be written.")];
  return [await checkMessages(store, typeof listen === "string" ? listen : undefined)];
}

/** The store sends itself a message, and tells if it does not arrive. */
async function checkMessages(store: SessionStore, url: string | undefined): Promise<Finding> {
  let stop = async (): Promise<void> => undefined;
  try {
    const silent = await new Promise<boolean>((resolve, reject) => {
      const timer = setTimeout(() => resolve(false), PATIENCE);
      const tell = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      store.watchLog?.(() => undefined, url, tell).then((ended) => (stop = ended), reject);
    });
    if (!silent) return ok("revocation-log", "Messages of the log of revocations arrive.");
    return wrong(
      "revocation-log",
      "Messages of the log of revocations do not arrive, as through a pooler: revocations take as long as tokens.accessToken.feed.bound. Name an address without the pooler, or write this line.",
      "tokens: { accessToken: { feed: { listen: false } } }",
    );
  } finally {
    await stop();
  }
}

async function checkAudit(store: SessionStore, policy: Policy | undefined): Promise<readonly Finding[]> {
  if (policy?.auditRetention === undefined || store.findAuditFault === undefined) return [];
  const fault = await store.findAuditFault();
  return [fault === undefined ? ok("audit", "The audit table can be written.") : wrong("audit", `${fault}.`)];
}

/** The text of a driver's error is not repeated, because it may contain a part of the address. */
function describeFailure(error: unknown): Finding {
  if (isErrorFromAuth(error)) return wrong("store", `${error.code}: ${error.detail}${reasonOf(error.cause)}.`);
  return wrong(
    "store",
    `The database cannot be used${reasonOf(error)}. Look at the address, the user and the password.`,
  );
}

function reasonOf(cause: unknown): string {
  const code = errorCode(cause);
  return code === "" ? "" : ` (${code})`;
}
