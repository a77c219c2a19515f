import { generalError, type SessionError } from "../errors.ts";
import { text } from "./redis-rows.ts";

/**
 * Whether the server is a node of a cluster. What a user may not know of its server is not held against it.
 *
 * @param facts what the script `inspect` gives
 * @throws SessionError `STORE_UNSUITABLE`
 */
export function checkServer(facts: unknown): boolean {
  const [version = "", memory = "", policy = "", cluster = ""] = (facts as readonly unknown[]).map(text);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (version !== "" && (major < 6 || (major === 6 && minor < 2)))
    throw unsuitable(`this is Redis ${version}; Redis 6.2 or newer, or Valkey, is needed`);
  if (Number(memory) > 0 && policy.startsWith("allkeys-"))
    throw unsuitable(
      `the server may evict any key when its memory is full (maxmemory-policy ${policy}), sessions and the keys that sign them too; set maxmemory-policy noeviction, or keep sessions on a server that is no cache`,
    );
  return cluster === "1";
}

const unsuitable = (fact: string): SessionError => generalError("STORE_UNSUITABLE", fact);
