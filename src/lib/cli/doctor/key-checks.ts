import { createSecrets } from "../../crypto/secret.ts";
import { keyStates } from "../../key/key-state.ts";
import { unwrapKey } from "../../key/wrapped-key.ts";
import { isErrorFromAuth } from "../../errors.ts";
import type { Policy } from "../../policy.ts";
import { DEVELOPMENT_FILE } from "../../session/default-secret.ts";
import { findSecretFile, readSecret } from "../../session/secret-file.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

const DAY = 86_400_000;

export async function checkKeys(store: SessionStore, policy: Policy | undefined): Promise<readonly Finding[]> {
  const keys = await store.listKeys();
  if (keys.length === 0) return [unknown("keys", "There are no keys, so no app has used this database yet.")];
  const now = (await store.readClock?.()) ?? Date.now();
  const states = keyStates(keys, now);
  const active = keys[states.lastIndexOf("active")];
  const findings: Finding[] = [];
  const rotateEvery = policy?.keys.rotateEvery;
  const age = active === undefined ? 0 : now - active.activatesAt;
  if (rotateEvery !== undefined && age > 2 * rotateEvery)
    findings.push(
      unknown(
        "keys",
        `The key that signs is ${Math.floor(age / DAY)} days old, and keys.rotateEvery is ${Math.floor(rotateEvery / DAY)} days: no process has used the database since, or none can write.`,
        "npx counterfoil keys rotate",
      ),
    );
  else findings.push(ok("keys", `The key that signs is ${Math.floor(age / DAY)} days old.`));
  const list = policy === undefined ? undefined : secretsOf(policy, store);
  if (list === undefined) return findings;
  try {
    const secrets = createSecrets(list);
    for (const key of keys) unwrapKey(secrets, key);
    findings.push(ok("secret-of-keys", "The secret opens the keys in the database."));
  } catch (error) {
    if (!isErrorFromAuth(error)) throw error;
    findings.push(wrong("secret-of-keys", `${error.detail}.`));
  }
  return findings;
}

/** @returns undefined if the app has none yet */
function secretsOf({ secrets }: Policy, { secretFile }: SessionStore): readonly [string, ...string[]] | undefined {
  if (secrets !== undefined || secretFile === null) return secrets;
  const found = findSecretFile(secretFile ?? DEVELOPMENT_FILE);
  const secret = found === undefined ? undefined : readSecret(found.path);
  return secret === undefined ? undefined : [secret];
}
