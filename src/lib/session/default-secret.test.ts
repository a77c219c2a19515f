import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ConfigError, createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import type { SessionStore } from "./session-store.ts";
import { chooseSecrets } from "./default-secret.ts";

const SECRET = "a secret for tests, of 32 characters and more";
let folder: string;
let file: string;
const storeAt = (secretFile: string | null | undefined): SessionStore => ({ ...memory(), secretFile });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-"));
  file = join(folder, "app.db.secret");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("a configured secret is used and no file is made", async () => {
  vi.stubEnv("NODE_ENV", "production");
  expect(await chooseSecrets([SECRET, "earlier"], storeAt(file))(true)).toEqual([SECRET, "earlier"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a store that keeps nothing gets a secret for the life of the store object", async () => {
  const [a, b] = [chooseSecrets(undefined, memory()), chooseSecrets(undefined, memory())];
  expect(await a(true)).toEqual(await a(true));
  expect(await a(true)).not.toEqual(await b(true));
  const shared = memory();
  expect(await chooseSecrets(undefined, shared)(true)).toEqual(await chooseSecrets(undefined, shared)(false));
  expect(Buffer.from((await a(true))[0], "base64url")).toHaveLength(32);
});

test("an instance recovers when the secret can be read again", async () => {
  writeFileSync(file, "short");
  const sessions = createSessions({ store: storeAt(file) });
  await expect(sessions.createNewSession("alice")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  writeFileSync(file, SECRET);
  await expect(sessions.createNewSession("alice")).resolves.toMatchObject({ session: { userId: "alice" } });
});

test("an instance recovers when the secret that belongs to the store is put back", async () => {
  const store = storeAt(file);
  writeFileSync(file, SECRET);
  await createSessions({ store }).createNewSession("alice");
  writeFileSync(file, `not ${SECRET}`);
  const sessions = createSessions({ store });
  await expect(sessions.ready()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
  writeFileSync(file, SECRET);
  await expect(sessions.ready()).resolves.toBeUndefined();
});

const BESIDE = "beside/the/database";

test.each([
  { environment: "production", shared: "MISSING", passing: "MISSING", embedded: "none" },
  { environment: undefined, shared: "MISSING", passing: "none", embedded: "none" },
  { environment: "", shared: "MISSING", passing: "none", embedded: "none" },
  { environment: "staging", shared: "MISSING", passing: "none", embedded: "none" },
  { environment: "development", shared: "none", passing: "none", embedded: "none" },
  { environment: "test", shared: "none", passing: "none", embedded: "none" },
])("with NODE_ENV $environment a shared store without a secret: $shared", ({ environment, ...expected }) => {
  vi.stubEnv("NODE_ENV", environment);
  const faultOf = (secretFile: string | null | undefined): string => {
    try {
      chooseSecrets(undefined, storeAt(secretFile));
      return "none";
    } catch (error) {
      const [fault, ...more] = (error as ConfigError).faults;
      expect([fault?.path, more]).toEqual(["secret", []]);
      expect(fault?.message).toContain("openssl rand -base64 32");
      return fault?.code ?? "";
    }
  };
  expect({ shared: faultOf(undefined), passing: faultOf(null), embedded: faultOf(BESIDE) }).toEqual(expected);
  expect(() => chooseSecrets([SECRET], storeAt(undefined))).not.toThrow();
});

test("in production createSessions itself refuses the store without a secret", () => {
  vi.stubEnv("NODE_ENV", "production");
  expect(() => createSessions({ store: memory() })).toThrow("openssl rand -base64 32");
  expect(() => createSessions({ store: memory(), secret: SECRET })).not.toThrow();
});
