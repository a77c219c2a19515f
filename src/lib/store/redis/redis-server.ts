import { warnOfSetup } from "../../notices.ts";
import { unsuitableStore } from "../../session/store-error.ts";
import { text } from "./redis-rows.ts";

export interface ServerFacts {
  readonly version: string;
  /** In bytes; 0 if there is none or it is unknown. */
  readonly maxMemory: number;
  readonly policy: string;
  readonly isCluster: boolean;
  readonly evictedKeys: number;
}

/** @param facts the reply of the script `inspect` */
export function readFacts(facts: unknown): ServerFacts {
  const [version = "", memory = "", policy = "", cluster = "", evicted = ""] = (facts as readonly unknown[]).map(text);
  return {
    version,
    maxMemory: Number(memory),
    policy,
    isCluster: cluster === "1",
    evictedKeys: Number(evicted),
  };
}

/**
 * Whether the server is a node of a cluster. Facts that the user may not read are not required.
 *
 * @param facts the reply of the script `inspect`
 * @throws SessionError `STORE_UNSUITABLE`
 */
export function checkServer(facts: unknown): boolean {
  const { version, maxMemory, policy, isCluster } = readFacts(facts);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (version !== "" && (major < 6 || (major === 6 && minor < 2)))
    throw unsuitableStore(`this is Redis ${version}; Redis 6.2 or newer, or Valkey, is needed`);
  if (!mayEvict(policy)) return isCluster;
  if (maxMemory > 0)
    throw unsuitableStore(
      `the server may evict any key when its memory is full (maxmemory-policy ${policy}), sessions and the keys that sign them too; ${CURE}`,
    );
  warnOnce(
    `The Redis server has maxmemory-policy ${policy}: as soon as a maxmemory is set, it evicts sessions and the keys that sign them. ${capital(CURE)}.`,
  );
  return isCluster;
}

/** Finds out whether a server that passed the check may now evict sessions. */
export function findEviction(facts: unknown): string | undefined {
  const { maxMemory, policy, evictedKeys } = readFacts(facts);
  if (!mayEvict(policy) || !(maxMemory > 0)) return undefined;
  return (
    `The Redis server may evict any key now (maxmemory ${maxMemory}, maxmemory-policy ${policy}), sessions and the keys that sign them too: ` +
    `users are signed out at random. It has evicted ${evictedKeys} keys since it was started. ${capital(CURE)}.`
  );
}

const mayEvict = (policy: string): boolean => policy.startsWith("allkeys-");

const CURE = "set maxmemory-policy noeviction, or keep sessions on a server that is no cache";

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

/** Once per process. */
const warned = new Set<string>();

function warnOnce(sentences: string): void {
  if (warned.has(sentences)) return;
  warned.add(sentences);
  warnOfSetup("COUNTERFOIL_EVICTION", sentences);
}
