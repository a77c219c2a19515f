import { execFile } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOrMakeSecret } from "./secret-file.ts";

const SECRET = "a secret for tests, of 32 characters and more";
const run = promisify(execFile);
const warnings: (Error & { readonly code?: string })[] = [];
const note = (warning: Error): void => void warnings.push(warning);
let folder: string;
/** What a store names, and the name that a new file gets. */
let file: string;
let hidden: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "counterfoil-"));
  file = join(folder, "app.db.secret");
  hidden = join(folder, ".app.db.secret");
  warnings.length = 0;
  process.on("warning", note);
});
afterEach(() => {
  process.off("warning", note);
  rmSync(folder, { recursive: true });
});

/** Warnings are told in a later turn. */
async function warned(): Promise<(string | undefined)[]> {
  await new Promise(setImmediate);
  return warnings.map(({ code }) => code);
}

test("a file is made once, private, with a dot, with a notice that does not say it, and read from then on", async () => {
  const secret = readOrMakeSecret(file, true);
  expect(await warned()).toEqual(["COUNTERFOIL_SECRET_MADE"]);
  const [notice] = warnings;
  expect(notice?.name).toBe("CounterfoilNotice");
  expect(notice?.message).toContain(hidden);
  expect(notice?.message).not.toContain(secret);
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);
  expect(readFileSync(hidden, "utf8")).toBe(`${secret}\n`);
  expect(statSync(hidden).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual([".app.db.secret"]);
  expect(readOrMakeSecret(file, true)).toBe(secret);
  expect(await warned()).toEqual(["COUNTERFOIL_SECRET_MADE"]);
});

test("a file without a dot that is there already goes on being read, and no other is made", async () => {
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
  for (const isFirstStart of [true, false]) expect(readOrMakeSecret(file, isFirstStart)).toBe(SECRET);
  expect(readdirSync(folder)).toEqual(["app.db.secret"]);
  expect(await warned()).toEqual([]);
});

test("of two files the one with a dot counts, and a name that has one already gets no second", () => {
  writeFileSync(file, "what was before, also of 32 characters", { mode: 0o600 });
  writeFileSync(hidden, SECRET, { mode: 0o600 });
  expect(readOrMakeSecret(file, true)).toBe(SECRET);
  expect(readOrMakeSecret(hidden, true)).toBe(SECRET);
  readOrMakeSecret(join(folder, ".own"), true);
  expect(readdirSync(folder)).toEqual([".app.db.secret", ".own", "app.db.secret"]);
});

test.each([
  { there: undefined, name: ".counterfoil.secret" },
  { there: "counterfoil.secret", name: "counterfoil.secret" },
])("eight processes that start at once in a folder with $there agree on ./$name", async ({ there, name }) => {
  if (there !== undefined) writeFileSync(join(folder, there), `${SECRET}\n`, { mode: 0o600 });
  const module = new URL("./default-secret.ts", import.meta.url).href;
  const code = `import { chooseSecrets } from ${JSON.stringify(module)}; console.log((await chooseSecrets(undefined, {})(true))[0]);`;
  const start = (): Promise<{ stdout: string }> =>
    run(process.execPath, ["--input-type=module", "-e", code], { cwd: folder });
  const said = await Promise.all(Array.from({ length: 8 }, start));
  expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readFileSync(join(folder, name), "utf8")).toBe(said[0]?.stdout);
  expect(readdirSync(folder)).toEqual([name]);
});

test("a file that is missing is not made again where there are keys already", () => {
  const said = expect.stringContaining(`neither ${hidden} nor ${file}`) as string;
  expect(() => readOrMakeSecret(file, false)).toThrow(
    expect.objectContaining({ code: "SECRET_MISMATCH", message: said }),
  );
  expect(readdirSync(folder)).toEqual([]);
});

const HOLDS_NONE = "holds no secret; put the right one back";
const UNREADABLE = "can be neither read nor made";

test.each([
  { what: "a file that is too short", says: HOLDS_NONE, put: (at: string): void => writeFileSync(at, "short\n") },
  { what: "an empty file", says: HOLDS_NONE, put: (at: string): void => writeFileSync(at, "") },
  { what: "a folder in its place", says: UNREADABLE, put: (at: string): void => mkdirSync(at) },
  { what: "a link to nothing", says: UNREADABLE, put: (at: string): void => symlinkSync(join(folder, "gone"), at) },
])("$what is reported with what to do, and nothing is left behind", ({ says, put }) => {
  for (const at of [file, hidden]) {
    put(at);
    const before = readdirSync(folder);
    const error = { errType: 1000, code: "STORE_UNAVAILABLE", cause: expect.any(Error) as Error };
    expect(() => readOrMakeSecret(file, true)).toThrow(expect.objectContaining(error));
    expect(() => readOrMakeSecret(file, true)).toThrow(`the secret file ${at} ${says}`);
    expect(readdirSync(folder)).toEqual(before);
    rmSync(at, { recursive: true });
  }
});

test("no folder to write to is reported with what to do", () => {
  expect(() => readOrMakeSecret(join(folder, "missing", "app.db.secret"), true)).toThrow(UNREADABLE);
});

/**
 * Another user's, as anybody who runs this: root gives it away, and everybody else takes a file of
 * root's.
 */
function ofAnotherUser(at: string): void {
  if (process.geteuid?.() === 0) {
    writeFileSync(at, SECRET, { mode: 0o600 });
    chownSync(at, 65_534, 65_534);
  } else symlinkSync("/etc/passwd", at);
}

function withMode(mode: number): (at: string) => void {
  return (at) => {
    writeFileSync(at, SECRET);
    chmodSync(at, mode);
  };
}

test.each([
  { what: "0666", put: withMode(0o666), says: "can be read or written by other users" },
  { what: "0640", put: withMode(0o640), says: "can be read or written by other users" },
  { what: "0620", put: withMode(0o620), says: "can be read or written by other users" },
  { what: "0604", put: withMode(0o604), says: "can be read or written by other users" },
  { what: "0602", put: withMode(0o602), says: "can be read or written by other users" },
  { what: "that of another user", put: ofAnotherUser, says: "belongs to another user" },
  {
    what: "a link to a file that all may read",
    put: (at: string) => (withMode(0o644)(join(folder, "known")), symlinkSync("known", at)),
    says: "is a symbolic link to a file that can be read or written by other users",
  },
  {
    what: "a link to a file of the system",
    put: (at: string) => symlinkSync("/etc/passwd", at),
    says: "is a symbolic link to a file that ",
  },
])("a secret file that is $what is read with one warning, which does not say it", async ({ put, says }) => {
  for (const at of [hidden, file]) {
    rmSync(hidden, { force: true });
    rmSync(join(folder, "known"), { force: true });
    put(at);
    warnings.length = 0;
    const secret = readOrMakeSecret(file, true);
    readOrMakeSecret(file, false);
    expect(await warned()).toEqual(["COUNTERFOIL_SECRET_EXPOSED"]);
    const [warning] = warnings;
    expect([warning?.name, warning?.message]).toEqual(["CounterfoilWarning", expect.stringContaining(`${at} `)]);
    expect(warning?.message).toContain(says);
    expect(warning?.message).not.toContain(secret);
  }
});

test.each([
  { what: "0600", put: withMode(0o600) },
  { what: "0400", put: withMode(0o400) },
  { what: "0700", put: withMode(0o700) },
  {
    what: "a link of one's own to a file of one's own",
    put: (at: string) => (withMode(0o600)(join(folder, "known")), symlinkSync("known", at)),
  },
])("a secret file that is $what is read without a word", async ({ put }) => {
  put(file);
  expect(readOrMakeSecret(file, true)).toBe(SECRET);
  expect(await warned()).toEqual([]);
});
