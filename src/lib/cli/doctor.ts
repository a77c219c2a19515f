import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseOrigin } from "../options/origin.ts";
import { isPlainPath } from "../options/base-path.ts";
import { type Command, defineCommand } from "./command.ts";
import { UsageError } from "./command-error.ts";
import { checkEnvironment, checkTogether } from "./doctor/environment-checks.ts";
import { checkFromOutside } from "./doctor/outside.ts";
import { checkStore } from "./doctor/store-checks.ts";
import { loadSubjects, type Subject } from "./doctor/subjects.ts";
import { countOf, type Section, summarise } from "./doctor/summary.ts";
import type { Place } from "./doctor/visit.ts";
import { openStore, STORE_OPTIONS, type StoreTarget } from "./open-store.ts";
import { printable } from "./printable.ts";

/** Looks for faults of a set-up. */
export const doctor: Command = defineCommand({
  usage: `counterfoil doctor [config] [https://host/base] [--store <address>] [--prefix counterfoil_] [--origin <origin>,<origin>]
                   [--refresh-path /session/refresh] [--connect <host>:<port>] [--json]
  Looks for faults of a set-up, and says what to write. Signs nobody in or out, and makes no table. Ends with 1 if something is wrong.
  config             a module of the app that exports what createSessions() returned, or its config as config
  https://host/base  the address that browsers use: a visit is played there
  --store, --prefix  a database without a config, as in the other commands; COUNTERFOIL_STORE is not used
  --origin           origins of pages that call the app, beside http.trustedOrigins of the config
  --refresh-path     tokens.refreshToken.renewTokenPath of the app, without a config
  --connect          where to connect, in place of the host of the address, as before a change of DNS`,
  options: { ...STORE_OPTIONS, origin: "text", "refresh-path": "text", connect: "text" },
  positionals: 2,
  async run({ origin, "refresh-path": refreshPath, connect, ...target }, positionals) {
    const address = readAddress(positionals.filter(isAddress));
    const path = readPath(positionals.filter((text) => !isAddress(text)));
    const [origins, place] = [readOrigins(origin), readPlace(connect)];
    if (refreshPath !== undefined && !isPlainPath(refreshPath))
      throw new UsageError("--refresh-path takes a path, as in --refresh-path /session/refresh");
    if (path !== undefined && target.store !== undefined)
      throw new UsageError("the config has a store; leave --store out, or the config");
    if (address === undefined && path === undefined && target.store === undefined)
      throw new UsageError(
        "name a config, the address that browsers use, or both: doctor ./sessions.js https://shop.example",
      );
    const sections: Section[] = [];
    const subjects = path === undefined ? [] : await examineModule(path, sections);
    if (target.store !== undefined) sections.push(await examineStore(target));
    if (address !== undefined) {
      const [{ policy } = { policy: undefined }] = subjects;
      const findings = await checkFromOutside({ address, place, policy, refreshPath, origins });
      sections.push({ title: `From outside: ${address.origin}${address.pathname}`, findings });
    }
    return toOutcome(sections, path !== undefined);
  },
});

function toOutcome(sections: readonly Section[], endsProcess: boolean): Awaited<ReturnType<Command["run"]>> {
  const findings = sections.flatMap((section) => section.findings);
  const count = countOf(findings, "wrong");
  return {
    text: summarise(sections).split("\n").map(printable).join("\n"),
    json: {
      wrong: count,
      findings: findings.map(({ check, verdict, text, write }) => ({ check, verdict, text, write: write ?? null })),
    },
    exitCode: count > 0 ? 1 : 0,
    endsProcess,
  };
}

/** Adds a section. What the module prints goes to stderr. */
async function examineModule(path: string, sections: Section[]): Promise<readonly Subject[]> {
  const restore = divertOutput();
  let subjects: readonly Subject[] = [];
  try {
    const loaded = await loadSubjects(path);
    ({ subjects } = loaded);
    const findings = [...loaded.findings, ...checkTogether(subjects)];
    for (const subject of subjects)
      findings.push(...checkEnvironment(subject), ...(await checkStore(subject.store, subject.policy)));
    sections.push({ title: `From inside: ${path}`, findings });
  } finally {
    for (const { close } of subjects) await close().catch(() => undefined);
    restore();
  }
  return subjects;
}

/** Sends what is written to stdout to stderr. @returns a function that ends it */
function divertOutput(): () => void {
  const { stdout, stderr } = process;
  const own = Object.getOwnPropertyDescriptor(stdout, "write");
  Object.defineProperty(stdout, "write", { value: stderr.write.bind(stderr), configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(stdout, "write");
    else Object.defineProperty(stdout, "write", own);
  };
}

async function examineStore(target: StoreTarget): Promise<Section> {
  const store = await openStore(target);
  try {
    return { title: "The database", findings: await checkStore(store, undefined) };
  } finally {
    await store.close();
  }
}

const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/** The address is not repeated, because it may have a password. */
function readAddress([text, ...more]: readonly string[]): URL | undefined {
  if (text === undefined) return undefined;
  if (more.length > 0) throw new UsageError("name one address");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new UsageError(
      "the address is not one of an app; write scheme, host and path, as in https://shop.example/shop",
    );
  return url;
}

function readPath([text, ...more]: readonly string[]): string | undefined {
  if (text === undefined) return undefined;
  const path = resolve(text);
  if (more.length > 0 || !existsSync(path))
    throw new UsageError(
      "there is no such config; name one module of the app, and the address with http:// or https://",
    );
  return path;
}

function readPlace(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined;
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^[\]:/@]+):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw new UsageError("--connect takes a host and a port, as in --connect 127.0.0.1:8443");
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function readOrigins(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text.split(",").map((each) => {
    const origin = parseOrigin(each.trim());
    if (origin === undefined)
      throw new UsageError("--origin takes origins of pages, as in --origin https://app.example,https://admin.example");
    return origin;
  });
}
