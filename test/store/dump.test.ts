/**
 * A copy of the store lets nobody act as a user. The thief knows this library's code and formats,
 * and has the database file.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { wrapContext } from "../../src/lib/key/ring-key.ts";
import { createSecrets, deriveKey } from "../../src/lib/crypto/secret.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { caught, outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import {
  bytesOf,
  type Dump,
  encode,
  forgeAccessToken,
  forgeRefreshToken,
  guessedKeys,
  openKeys,
  parentHashesOf,
  sha256,
  steal,
} from "./thief.ts";

/** What the victims hold: the texts that must be nowhere in the dump. */
const issued = new Set<string>();
let victims: Sessions;
let current: string[];
let alarms: string[];
let now: number;
let dump: Dump;

beforeEach(async () => {
  const folder = temporaryFolder();
  const path = join(folder, "sessions.db");
  now = T0;
  alarms = [];
  current = [];
  issued.clear();
  victims = createSessions({ store: sqlite({ path }), secret: SECRET, clock: () => now });
  onTestFinished(() => victims.close());
  for (const event of ["reuse-detected", "session-revoked"] as const) victims.on(event, () => alarms.push(event));
  // Sessions in each state of rotation: never refreshed, with a child out, confirmed.
  for (const refreshes of [0, 1, 2]) {
    const { accessToken, refreshToken, antiCsrfToken = "" } = await victims.createNewSession(`victim ${refreshes}`);
    let token = refreshToken.value;
    for (const text of [accessToken.value, token, antiCsrfToken]) issued.add(text);
    for (let turn = 0; turn < refreshes; turn += 1) {
      const { newAccessToken, newRefreshToken } = await victims.refreshSession(token);
      token = newRefreshToken.value;
      for (const text of [newAccessToken.value, token]) issued.add(text);
      now += 30_000;
    }
    current.push(token);
  }
  await victims.rotateSigningKey();
  dump = steal(path, join(folder, "stolen.db"));
  expect([dump.sessions.length, dump.keys.length]).toEqual([3, 2]);
});

async function outcomesOf(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.all(calls.map(outcomeOf));
  return [...new Set(outcomes)];
}

async function expectVictimsUnharmed(): Promise<void> {
  expect(alarms).toEqual([]);
  for (const token of current) expect(await outcomeOf(victims.refreshSession(token))).toBe("ok");
}

describe("with the database file alone", () => {
  test("no access token can be forged", async () => {
    const forged = dump.sessions.flatMap(({ handle }) =>
      dump.keys.flatMap((record) => guessedKeys(record).map((key) => forgeAccessToken(key, handle, now))),
    );
    const [signed = ""] = forged;
    const [, payload = ""] = signed.split(".");
    const kid = dump.keys[0]?.kid;
    forged.push(`${encode({ alg: "none", kid, typ: "at+jwt" })}.${payload}.`, `${signed.split(".", 2).join(".")}.`);
    expect(forged.length).toBeGreaterThan(40);
    expect(await outcomesOf(forged.map((token) => victims.getSession(token)))).toEqual([
      "TRY_REFRESH_TOKEN/ACCESS_TOKEN_INVALID",
    ]);
    await expectVictimsUnharmed();
  });

  test("no refresh token can be forged, neither a current one nor a child", async () => {
    const forged = dump.sessions.flatMap((session) =>
      dump.keys
        .flatMap(guessedKeys)
        .flatMap((key) =>
          [session.generation, session.generation + 1].flatMap((generation) =>
            parentHashesOf(session).map((hash) => forgeRefreshToken(key, session.handle, generation, hash)),
          ),
        ),
    );
    expect(forged.length).toBeGreaterThan(500);
    expect(await outcomesOf(forged.map((token) => victims.refreshSession(token)))).toEqual([
      "UNAUTHORISED/REFRESH_TOKEN_INVALID",
    ]);
    await expectVictimsUnharmed();
  });

  test("no key can be unwrapped with another secret, nor with anything that the dump holds", () => {
    const guesses = ["", "secret", "changeme", `${SECRET} `, SECRET.slice(0, -1), SECRET.toUpperCase()];
    const stored = dump.keys.flatMap(({ kid, wrappedSeed }) => [kid, wrappedSeed, ...wrappedSeed.split(".")]);
    for (const { kid, algorithm, wrappedSeed } of dump.keys) {
      for (const guess of [
        ...guesses,
        ...stored,
        ...dump.sessions.flatMap(({ handle, currentHash }) => [handle, currentHash]),
      ]) {
        expect(createSecrets([guess]).unwrap(wrappedSeed, wrapContext(kid, algorithm))).toBeUndefined();
        // Also when the secret's name in it is made to fit.
        const [format, , sealed] = wrappedSeed.split(".");
        const id = deriveKey(guess, "secret id", 6).toString("base64url");
        expect(createSecrets([guess]).unwrap(`${format}.${id}.${sealed}`, wrapContext(kid, algorithm))).toBeUndefined();
      }
    }
    expect(openKeys(dump, SECRET)).toHaveLength(2);
  });

  test("nothing in it is a token, an anti-CSRF token, a hash that mints, a seed or the secret", () => {
    const folder = join(dump.file, "..");
    const content = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    const holds = (bytes: Uint8Array): boolean => {
      const buffer = Buffer.from(bytes);
      const spellings = [buffer.toString("base64url"), buffer.toString("base64"), buffer.toString("hex")];
      return content.includes(buffer) || spellings.some((text) => content.includes(text));
    };
    // What is there shows that the search finds what is there.
    expect(
      dump.sessions.every(({ handle, currentHash }) => content.includes(handle) && content.includes(currentHash)),
    ).toBe(true);
    expect(holds(sha256(sha256(bytesOf(current[0] ?? ""))))).toBe(true);

    // The first refresh is in the second of the sign-in, so it gives the same access token.
    expect(issued.size).toBe(13);
    for (const text of issued) {
      for (const part of [text, ...text.split(".").slice(1)]) expect(content.includes(part)).toBe(false);
      if (!text.startsWith("cfr1.")) continue;
      // Neither the token, nor its nonce, nor its MAC, nor its hash, which a child must carry.
      const bytes = bytesOf(text);
      for (const part of [bytes, bytes.subarray(30, 47), bytes.subarray(79), sha256(bytes)])
        expect(holds(part)).toBe(false);
    }
    expect(content.includes(SECRET)).toBe(false);
    for (const purpose of ["key wrapping", "anti-csrf"]) expect(holds(deriveKey(SECRET, purpose))).toBe(false);
    for (const { kid, algorithm, wrappedSeed } of dump.keys) {
      const unwrapped = createSecrets([SECRET]).unwrap(wrappedSeed, wrapContext(kid, algorithm));
      expect(holds(unwrapped?.seed ?? Buffer.alloc(0))).toBe(false);
    }
  });
});

describe("with the database file and the secret", () => {
  test("the thief's tools are sharp: access tokens are accepted, and a child too, were its parent's hash known", async () => {
    const [key = expect.fail("no key")] = openKeys(dump, SECRET);
    const handleOf = (token: string): string => bytesOf(token).toString("base64url", 8, 26);
    const [first = ""] = current;
    expect(await outcomeOf(victims.getSession(forgeAccessToken(key, handleOf(first), now)))).toBe("ok");
    const child = forgeRefreshToken(key, handleOf(first), 2, sha256(bytesOf(first)));
    expect(await outcomeOf(victims.refreshSession(child))).toBe("ok");
  });

  test("no child can be minted: it must carry its parent's hash, and the dump has only the hash of that", async () => {
    const calls = dump.sessions.flatMap((session) =>
      openKeys(dump, SECRET).flatMap((key) =>
        [session.generation + 1, session.generation + 2, 0xffff_ffff].flatMap((generation) =>
          parentHashesOf(session).map((hash) =>
            victims.refreshSession(forgeRefreshToken(key, session.handle, generation, hash)),
          ),
        ),
      ),
    );
    expect(await outcomesOf(calls)).toEqual(["UNAUTHORISED/STORE_BEHIND"]);
    await expectVictimsUnharmed();
  });

  test("no session can be opened out of nothing", async () => {
    const [key = expect.fail("no key")] = openKeys(dump, SECRET);
    const forged = forgeRefreshToken(key, randomBytes(18).toString("base64url"), 1, Buffer.alloc(32));
    expect(await outcomeOf(victims.refreshSession(forged))).toBe("UNAUTHORISED/SESSION_NOT_FOUND");
    await expectVictimsUnharmed();
  });

  test("a token of the current generation opens nothing either; it is taken for reuse and ends the session", async () => {
    const [key = expect.fail("no key")] = openKeys(dump, SECRET);
    now += 60_000;
    for (const { handle, generation } of dump.sessions) {
      const forged = forgeRefreshToken(key, handle, generation, randomBytes(32));
      expect(await outcomeOf(victims.refreshSession(forged))).toBe("TOKEN_THEFT_DETECTED/TOKEN_THEFT_DETECTED");
    }
  });
});

describe("a copy that is opened", () => {
  const openCopy = (secret: string | string[]): Sessions => {
    const sessions = createSessions({ store: sqlite({ path: dump.file }), secret, clock: () => now });
    onTestFinished(() => sessions.close());
    return sessions;
  };
  const other = "another secret of the store tests, long enough";

  test("with another secret: SECRET_MISMATCH, which says what to do and changes nothing", async () => {
    const before = readFileSync(dump.file);
    const error = await caught(openCopy(other).ready());
    expect(error).toMatchObject({
      code: "SECRET_MISMATCH",
      message: expect.stringContaining("secret: [current, earlier]"),
    });
    expect(error.message).not.toContain(other);
    expect(readFileSync(dump.file)).toEqual(before);
    expect(await outcomeOf(openCopy([other, SECRET]).refreshSession(current[0] ?? ""))).toBe("ok");
    expect(await outcomeOf(openCopy(other).refreshSession(current[1] ?? ""))).toBe("ok");
  });

  test.each([
    [
      "moved to another key",
      "UPDATE counterfoil_key SET wrapped_seed = (SELECT wrapped_seed FROM counterfoil_key WHERE sequence = 1)",
    ],
    ["under another name", "UPDATE counterfoil_key SET kid = 'AAAAAAAAAAA' WHERE sequence = 1"],
    ["with another algorithm", "UPDATE counterfoil_key SET algorithm = 'ES256' WHERE sequence = 1"],
    ["cut short", "UPDATE counterfoil_key SET wrapped_seed = substr(wrapped_seed, 1, 60) WHERE sequence = 1"],
  ])("a seed that was wrapped for one key is refused %s", async (_, change) => {
    const database = new DatabaseSync(dump.file);
    expect(database.prepare(change).run().changes).toBeGreaterThan(0);
    database.close();
    expect(await outcomeOf(openCopy(SECRET).ready())).toBe("GENERAL_ERROR/SECRET_MISMATCH");
  });
});
