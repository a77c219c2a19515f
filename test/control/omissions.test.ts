/**
 * Whether the two lists are whole: each file that lets tokens in, or ends sessions, stands for ways
 * of the lists, and each way has its file.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { WAYS_IN } from "./ways-in.ts";
import { WAYS_OUT } from "./ways-out.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

type Ways = Readonly<Record<string, readonly string[]>>;

interface Decisions {
  /** By the end of the file's path. */
  readonly imports: Ways;
  readonly calls?: RegExp;
}

/** Functions that decide about tokens and handles, and what each importer stands for. */
const DECIDE_IN: Decisions = {
  imports: {
    "verify-session.ts": ["verifySession", "authenticate"],
    "manage-sessions.ts": ["findLiveSession", "loadSession"],
    "ticket-session.ts": ["createTicket", "redeemTicket"],
    "session/refresh-session.ts": ["refreshSession"],
  },
};
const BY_FILE_IN: Ways = {
  "lib/session/assemble-sessions.ts": ["getSession of the root", "a refresh of the root", "data by handle"],
  "lib/session/manage-sessions.ts": ["data by handle", "claims by handle"],
  "lib/session/ticket-session.ts": ["a ticket, made", "a ticket, redeemed"],
  "websocket.ts": ["a ticket, made", "a ticket, redeemed"],
  "lib/http/websocket/upgrade.ts": ["a ticket in an upgrade", "a socket's upgrade"],
  // Sockets, and the streams of open pages.
  "lib/http/socket-guard.ts": ["an open socket"],
  "lib/http/verify-request.ts": [
    "a request by cookie",
    "a request that changes something",
    "a request by header",
    "a page load",
    "the route of own sessions",
  ],
  "lib/http/refresh.ts": ["the refresh route", "a refresh of a route of one's own"],
  "lib/http/routes.ts": ["the route that revokes own sessions", "the route that renames own sessions"],
  // They only find out which session is to be ended or cleared.
  "lib/http/named-session.ts": ["the sign-out route", "a sign-out of a route of one's own"],
  "lib/http/other-names.ts": ["the sign-out route"],
  // An operator's own session, and whose session an operator ends; test/http/console.test.ts.
  "lib/http/console/console-changes.ts": ["a request by cookie"],
  "lib/http/console/respond-to-console.ts": ["a request by cookie"],
};

/** What removes rows, and what each importer or caller stands for. */
const DECIDE_OUT: Decisions = {
  imports: {
    "manage-sessions.ts": ["revokeSession", "revokeSessionsOfUser", "revokeEverySession"],
    "create-session.ts": ["createSession"],
    "sign-out.ts": ["signOutUser"],
  },
  calls: /store\s*\.(?:deleteSession|deleteSessionAtVersion|deleteSessionsOfUser|createSession)\(/,
};
const BY_FILE_OUT: Ways = {
  "lib/session/create-session.ts": [
    "a sign-in in its place",
    "a sign-in of another user in its place",
    "a limit that ends the oldest",
    "a limit that trims",
  ],
  "lib/session/manage-sessions.ts": ["revocation by handle", "revocation of a user's", "revocation of everything"],
  "lib/session/refresh-session.ts": ["the alarm", "the end of the actor's session"],
  "lib/session/assemble-sessions.ts": [
    "revocation by handle",
    "revocation of a user's",
    "revocation of a user's others",
    "revocation of everything",
  ],
  "lib/session/forget-user.ts": ["forgetting the user"],
  "lib/http/sign-in.ts": ["a sign-in in its place"],
  "lib/http/request-session.ts": ["revokeSession of a request"],
  "lib/http/presented-sessions.ts": ["the sign-out route", "a sign-out of a route of one's own"],
  "lib/http/routes.ts": [
    "the route of own sessions: one",
    "the route of own sessions: the others",
    "the route of own sessions: this one",
  ],
  // An operator revokes as a function of the root does; test/http/console.test.ts.
  "lib/http/console/console-changes.ts": ["revocation by handle", "revocation of a user's"],
  // The same from a shell; test/store/command-line.test.ts.
  "lib/cli/sessions-revoke.ts": ["revocation by handle", "revocation of a user's"],
  "lib/session/actor-session.ts": ["the end of all sessions of the actor"],
};

const FILES = new Map(
  readdirSync(SRC, { recursive: true })
    .map(String)
    .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test.") && !file.startsWith("lib/testing/"))
    .map((file) => [file, readFileSync(join(SRC, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "")] as const),
);

const IMPORT = /(?:import|export) \{([^}]*)\} from "([^"]+)"/g;

function isCaller(text: string, { imports, calls }: Decisions): boolean {
  const uses = [...text.matchAll(IMPORT)].some(([, names = "", from = ""]) => {
    const decisions = Object.entries(imports).find(([file]) => from.endsWith(`/${file}`))?.[1] ?? [];
    return names.split(",").some((name) => decisions.includes(name.trim().split(" ")[0] ?? ""));
  });
  return uses || calls?.test(text) === true;
}

function faultsOf(files: ReadonlyMap<string, string>, decide: Decisions, byFile: Ways, ways: object): string[] {
  const callers = [...files].filter(([, text]) => isCaller(text, decide)).map(([file]) => file);
  const known = Object.keys(ways);
  const claimed = new Set(Object.values(byFile).flat());
  return [
    ...callers.filter((file) => !Object.hasOwn(byFile, file)).map((file) => `${file} stands for no way`),
    ...[...claimed].filter((way) => !known.includes(way)).map((way) => `nothing tries: ${way}`),
    ...known.filter((way) => !claimed.has(way)).map((way) => `no file stands for: ${way}`),
  ];
}

const PLANTED = `
import { loadSession, revokeSession } from "../session/manage-sessions.ts";
`;

describe.each([
  ["in", DECIDE_IN, BY_FILE_IN, WAYS_IN],
  ["out", DECIDE_OUT, BY_FILE_OUT, WAYS_OUT],
] as const)("ways %s", (_, decide, byFile, ways) => {
  test("each caller stands for ways, and each way for a caller", () => {
    expect(faultsOf(FILES, decide, byFile, ways)).toEqual([]);
  });

  test("files of the list are there, and decide", () => {
    for (const file of Object.keys(byFile)) expect(FILES.has(file) ? "there" : file).toBe("there");
  });

  test("a new caller is seen, and so is a way that nothing tries", () => {
    const planted = new Map([...FILES, ["lib/http/planted.ts", PLANTED] as const]);
    expect(faultsOf(planted, decide, byFile, ways)).toEqual(["lib/http/planted.ts stands for no way"]);
    const [first = ""] = Object.keys(ways);
    const fewer = Object.fromEntries(Object.entries(ways).slice(1));
    expect(faultsOf(FILES, decide, byFile, fewer)).toEqual([`nothing tries: ${first}`]);
    expect(faultsOf(FILES, decide, byFile, { ...ways, "a new one": undefined })).toEqual([
      "no file stands for: a new one",
    ]);
  });
});
