/** What a config says together with the environment, without asking a database. */
import { isLocalOrigin } from "../../options/origin.ts";
import { otherSites } from "../../options/start-notices.ts";
import { isInProduction } from "../../notices.ts";
import type { Policy } from "../../policy.ts";
import { DEVELOPMENT_FILE } from "../../session/default-secret.ts";
import { findSecretFile } from "../../session/secret-file.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { accessOf } from "./access-of.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import type { Subject } from "./subjects.ts";

/** Whether users see the app, as far as its config says. */
const isPublic = ({ http: { publicOrigin } }: Policy): boolean =>
  publicOrigin?.startsWith("https:") === true && !isLocalOrigin(publicOrigin);

export function checkEnvironment({ policy, store }: Subject): readonly Finding[] {
  return [
    ...checkProduction(policy),
    ...checkMemory(policy, store),
    ...checkSecret(policy, store),
    ...checkSites(policy),
  ];
}

/** Several instances of one module. */
export function checkTogether(subjects: readonly Subject[]): readonly Finding[] {
  const inMemory = new Set(subjects.filter(({ store }) => store.secretFile === null).map(({ store }) => store));
  if (inMemory.size < 2) return [];
  return [
    wrong(
      "memory-stores",
      "The module makes two instances with a memory store each: neither knows the sessions and keys of the other. Give both one store.",
      "const store = memory();",
    ),
  ];
}

function checkProduction(policy: Policy): readonly Finding[] {
  const environment = process.env["NODE_ENV"];
  if (!isPublic(policy) || isInProduction()) return [ok("environment", `NODE_ENV is ${environment ?? "not set"}.`)];
  return [
    unknown(
      "environment",
      `http.publicOrigin is public, and NODE_ENV is ${environment ?? "not set"} here. Start the doctor in the environment of the app, where it should be this.`,
      "NODE_ENV=production",
    ),
  ];
}

const MEMORY_CURE = 'store: sqlite({ path: "./sessions.db" })';

function checkMemory(policy: Policy, store: SessionStore): readonly Finding[] {
  if (store.secretFile !== null) return [];
  const access = accessOf(store);
  if (access?.kind === "memory" && access.isMeant)
    return [ok("memory-store", "Sessions are kept in memory, as the app says.")];
  const told =
    "Sessions and keys are kept in the memory of one process: they are lost with it, and no other process knows them";
  if (isInProduction()) return [wrong("memory-store", `${told}.`, MEMORY_CURE)];
  return [
    isPublic(policy)
      ? unknown("memory-store", `${told}. That is right for development.`, MEMORY_CURE)
      : ok("memory-store", "Sessions are kept in memory, for development."),
  ];
}

function checkSecret({ secrets, ...policy }: Policy, store: SessionStore): readonly Finding[] {
  if (secrets !== undefined || store.secretFile === null)
    return [ok("secret", "The secret is not in a file of the library.")];
  const findings: Finding[] = [];
  const isShared = store.secretFile === undefined;
  if (isShared && isPublic({ secrets, ...policy }))
    findings.push(
      wrong(
        "secret",
        `The secret is in ${DEVELOPMENT_FILE}, which is for development: another server would make its own, and sign everybody out.`,
        "secret: process.env.COUNTERFOIL_SECRET",
      ),
    );
  const found = findSecretFile(store.secretFile ?? DEVELOPMENT_FILE);
  if (found === undefined)
    return [...findings, ok("secret-file", "There is no secret file yet; the first start makes it.")];
  return [
    ...findings,
    found.exposure === undefined
      ? ok("secret-file", `Only you can read ${found.path}.`)
      : wrong(
          "secret-file",
          `${found.path} ${found.exposure}. Who reads it can sign tokens with a copy of the database. Replace the secret if anybody may have read it.`,
          `chmod 600 ${found.path}`,
        ),
  ];
}

function checkSites(policy: Policy): readonly Finding[] {
  const notice = otherSites(policy);
  return notice === undefined ? [] : [wrong("same-site", notice.write(), 'cookie: { sameSite: "none" }')];
}
