import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import type { SessionStore } from "../store/session-store.ts";
import { chooseSecrets } from "./default-secret.ts";

const SECRET = "a secret for tests, of 32 characters and more";
const run = promisify(execFile);
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

test("a configured secret is used and no file is made", () => {
  vi.stubEnv("NODE_ENV", "production");
  expect(chooseSecrets([SECRET, "earlier"], storeAt(file))(true)).toEqual([SECRET, "earlier"]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a store that keeps nothing gets a secret for the life of the store object", () => {
  const [a, b] = [chooseSecrets(undefined, memory()), chooseSecrets(undefined, memory())];
  expect(a(true)).toEqual(a(true));
  expect(a(true)).not.toEqual(b(true));
  const shared = memory();
  expect(chooseSecrets(undefined, shared)(true)).toEqual(chooseSecrets(undefined, shared)(false));
  expect(Buffer.from(a(true)[0], "base64url")).toHaveLength(32);
});

test("a file is made once, private, with a notice that does not say it, and read from then on", async () => {
  const choose = chooseSecrets(undefined, storeAt(file));
  expect(readdirSync(folder)).toEqual([]);
  const warned = once(process, "warning") as Promise<[Error & { code: string }]>;
  const [secret] = choose(true);
  const [warning] = await warned;
  expect(warning).toMatchObject({ name: "CounterfoilNotice", code: "COUNTERFOIL_SECRET_MADE" });
  expect(warning.message).toContain(file);
  expect(warning.message).not.toContain(secret);
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  expect(readFileSync(file, "utf8")).toBe(`${secret}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["app.db.secret"]);
  expect(chooseSecrets(undefined, storeAt(file))(true)).toEqual([secret]);
});

test("eight processes that start at once, with no file named, agree on ./counterfoil.secret", async () => {
  const module = new URL("./default-secret.ts", import.meta.url).href;
  const code = `import { chooseSecrets } from ${JSON.stringify(module)}; console.log(chooseSecrets(undefined, {})(true)[0]);`;
  const start = (): Promise<{ stdout: string }> =>
    run(process.execPath, ["--input-type=module", "-e", code], { cwd: folder });
  const said = await Promise.all(Array.from({ length: 8 }, start));
  expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readFileSync(join(folder, "counterfoil.secret"), "utf8")).toBe(said[0]?.stdout);
  expect(readdirSync(folder)).toEqual(["counterfoil.secret"]);
});

test("a file that is missing is not made again where there are keys already", () => {
  expect(() => chooseSecrets(undefined, storeAt(file))(false)).toThrow(
    expect.objectContaining({ code: "SECRET_MISMATCH", message: expect.stringContaining(file) as string }),
  );
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["a file that is too short", "holds no secret; put the right one back", (): void => writeFileSync(file, "short\n")],
  ["an empty file", "holds no secret; put the right one back", (): void => writeFileSync(file, "")],
  ["a folder in its place", "can be neither read nor made", (): void => mkdirSync(file)],
  [
    "no folder to write to",
    "can be neither read nor made",
    (): void => void (file = join(folder, "missing", "app.db.secret")),
  ],
])("%s is reported with what to do, and nothing is left behind", (_, fact, prepare) => {
  prepare();
  const before = readdirSync(folder);
  const code = expect.objectContaining({ errType: 1000, code: "STORE_UNAVAILABLE", cause: expect.any(Error) as Error });
  expect(() => chooseSecrets(undefined, storeAt(file))(true)).toThrow(code);
  expect(() => chooseSecrets(undefined, storeAt(file))(true)).toThrow(`the secret file ${file} ${fact}`);
  expect(readdirSync(folder)).toEqual(before);
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

test.each([
  [undefined, "MISSING"],
  [null, "MISSING"],
  ["beside/the/database", undefined],
])("in production a store whose secret file is %s says %s", (secretFile, code) => {
  vi.stubEnv("NODE_ENV", "production");
  const start = (): unknown => chooseSecrets(undefined, storeAt(secretFile));
  if (code === undefined) expect(start).not.toThrow();
  else expect(start).toThrow(expect.objectContaining({ faults: [expect.objectContaining({ path: "secret", code })] }));
});

test("in production createSessions itself refuses the store without a secret", () => {
  vi.stubEnv("NODE_ENV", "production");
  expect(() => createSessions({ store: memory() })).toThrow("openssl rand -base64 32");
  expect(() => createSessions({ store: memory(), secret: SECRET })).not.toThrow();
});
