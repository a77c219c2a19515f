import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { expect, onTestFinished, test } from "vitest";

const root = new URL("../../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { bin: { counterfoil: string } };

function counterfoil(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = fileURLToPath(new URL(bin.counterfoil, root));
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("the command is a script for Node", () => {
  const file = new URL(bin.counterfoil, root);
  expect(readFileSync(file, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(file).isFile()).toBe(true);
});

const COMMANDS = [
  "init",
  "sessions list",
  "sessions revoke",
  "keys list",
  "keys rotate",
  "secret generate",
  "secret rotate",
  "sweep",
  "migrate",
  "doctor",
];

test.each([["help"], ["--help"], ["-h"], ["sessions", "--help"]])(
  "%s %s says how each command is called",
  (...args) => {
    const { status, stdout, stderr } = counterfoil(...args);
    expect([status, stderr]).toEqual([0, ""]);
    for (const command of COMMANDS) expect(stdout).toContain(`counterfoil ${command} `);
  },
);

test.each(COMMANDS)("%s --help says how it is called, and nothing of the others", (command) => {
  const { status, stdout } = counterfoil(...command.split(" "), "--help");
  expect(status).toBe(0);
  for (const other of COMMANDS) expect(stdout.includes(`counterfoil ${other} `)).toBe(other === command);
  expect(stdout).toContain("--json");
});

test("the guide has each command, with a shape of JSON, and each exit code", () => {
  const guide = readFileSync(new URL("docs/guide/command-line.md", root), "utf8");
  for (const command of COMMANDS) expect(guide).toContain(`| \`${command}`);
  for (const code of [0, 1, 2, 3]) expect(guide).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
});

test.each([
  [[], "name a command"],
  [["migrat"], "there is no such command"],
  [["toString"], "there is no such command"],
  [["migrate", "mysql"], "add --print"],
  [["migrate", "--print"], "name one database: sqlite, d1, mysql, mariadb, postgres"],
  [["migrate", "--print", "oracle"], "name one database"],
  [["migrate", "--print", "mysql", "postgres"], "name one database"],
  [["migrate", "--print", "mysql", "--prefix", "a; DROP"], "--prefix is not the beginning of a table name"],
  [["migrate", "--print", "mysql", "--from", "one"], "--from takes a version"],
  [["migrate", "--print", "mysql", "--from", "99"], "--from 99 is newer than this package, which knows version"],
  [["migrate", "--print", "redis"], "Redis has no tables"],
  [["migrate", "--print", "mysql", "--colour"], "--colour"],
  [["migrate", "--print", "drizzle"], "name one database: --dialect sqlite, d1, mysql, mariadb, postgres"],
  [["migrate", "--print", "drizzle", "--dialect", "redis"], "Redis has no tables"],
  [["migrate", "--print", "drizzle", "--dialect", "mysql", "--from", "1"], "--from is for statements"],
  [["migrate", "--print", "mysql", "--dialect", "mysql"], "--dialect belongs to --print drizzle"],
  [["sessions"], "name one of: sessions list, sessions revoke"],
  [["sessions", "lists"], "name one of: sessions list, sessions revoke"],
  [["sessions", "list"], "name the user: --user <id>"],
  [["sessions", "list", "--user", "a"], "name the database: --store <address>"],
  [["sessions", "list", "--user", "a", "--user", "b"], "--user is given twice"],
  [["sessions", "list", "--user"], "--user needs a value"],
  [["sessions", "list", "--user", "--number"], "--user needs a value"],
  [["sessions", "list", "--user", "a", "--json=1"], "--json takes no value"],
  [["sessions", "list", "--usr", "a"], "did you mean --user?"],
  [["sessions", "list", "-u", "a"], "there is no option --u"],
  [["sessions", "list", "--user", "a", "--limit", "1001"], "--limit takes a whole number from 1 to 1000"],
  [["sessions", "list", "--user", "a", "--limit", "0"], "--limit takes a whole number from 1 to 1000"],
  [["sessions", "list", "--user", "a", "--after", "b"], "--after is not a cursor"],
  [["sessions", "list", "--number", "--user", "a"], "--number wants a --user that is a number"],
  [["sessions", "list", "--number", "--user", "9007199254740993"], "--number wants a --user that is a number"],
  [["sessions", "list", "--number", "--user", "1e999"], "--number wants a --user that is a number"],
  [["sessions", "list", "--number", "--user", "0x10"], "--number wants a --user that is a number"],
  [["sessions", "list", "--user", "x".repeat(257), "--store", "package.json"], "the file has no sessions"],
  [["doctor"], "name a config, the address that browsers use, or both"],
  [["doctor", "./none.js"], "there is no such config"],
  [["doctor", "https://app:geheim@shop.example"], "the address is not one of an app"],
  [["doctor", "https://shop.example?a=1"], "the address is not one of an app"],
  [["doctor", "https://one.example", "https://two.example"], "name one address"],
  [["doctor", "https://shop.example", "--origin", "shop.example"], "--origin takes origins of pages"],
  [["doctor", "https://shop.example", "--connect", "127.0.0.1"], "--connect takes a host and a port"],
  [["doctor", "https://shop.example", "--refresh-path", "refresh"], "--refresh-path takes a path"],
  [["doctor", "package.json", "--store", "a.db"], "the config has a store"],
  [["sessions", "revoke"], "name what to revoke by one of --handle <handle>, --user <id> and --all"],
  [["sessions", "revoke", "--all", "--user", "a"], "name what to revoke by one of"],
  [["sessions", "revoke", "--handle", "a", "--except", "b"], "--except belongs to --user"],
  [["sessions", "revoke", "--all", "--number"], "--number belongs to --user"],
  [["sessions", "revoke", "--all"], "add --yes"],
  [["sessions", "revoke", "--all", "--yes", "--secret", "x"], "a secret is never an argument"],
  [["secret", "rotate", "--new-secret=x"], "--new-secret-file <path>, or set COUNTERFOIL_NEW_SECRET"],
  [["secret", "rotate"], "name the new secret"],
  [["secret", "rotate", "--new-secret-file", "no-such-file"], "--new-secret-file names a file that does not exist"],
  [["secret", "rotate", "--new-secret-file", "."], "--new-secret-file names a file without a secret (EISDIR"],
  [["secret", "generate", "--to", "package.json"], "--to names a file that exists"],
  [["secret", "generate", "--to", "no-such-folder/x"], "--to names a file that cannot be written"],
  [["keys", "rotate", "--store", "redis://127.0.0.1:1"], "set COUNTERFOIL_SECRET, or write --secret-file <path>"],
  [["keys", "rotate", "--store", "redis://127.0.0.1:1", "--publish-ahead", "soon"], "keys.publishAhead"],
  [["keys", "list", "--store", "."], "the file has no sessions of this prefix"],
  [["keys", "list", "redis://:geheim@127.0.0.1"], "write the address of the database as --store <address>"],
  [["keys", "list", "--redis://:geheim@127.0.0.1"], "there is an option that is not known"],
  [["redis://:geheim@127.0.0.1"], "there is no such command"],
])("%j is refused with what to write instead", (args, message) => {
  const { status, stdout, stderr } = counterfoil(...args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("geheim");
});

test("no command ends a session past the functions of the library", () => {
  const folder = new URL("src/lib/cli/", root);
  const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"));
  expect(texts.length).toBeGreaterThan(15);
  for (const text of texts) expect(text).not.toMatch(/\.delete\w*Sessions?\w*\(/);
});

test("a refusal shows how this command is called; with --json it is one value on stdout", () => {
  const args = ["sessions", "list", "--user", "a", "--limit", "x"];
  const { stderr } = counterfoil(...args);
  expect(stderr).toContain("Usage:\n\ncounterfoil sessions list ");
  expect(stderr).not.toContain("counterfoil migrate");
  const refusal = {
    status: 2,
    stdout: '{"error":{"code":"USAGE","message":"--limit takes a whole number from 1 to 1000"}}\n',
    stderr: "",
  };
  expect(counterfoil(...args, "--json")).toEqual(refusal);
});

test("a secret in the environment that is too short is refused without repeating it", () => {
  process.env["COUNTERFOIL_NEW_SECRET"] = "geheim";
  onTestFinished(() => void delete process.env["COUNTERFOIL_NEW_SECRET"]);
  const { status, stdout, stderr } = counterfoil("secret", "rotate");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("COUNTERFOIL_NEW_SECRET has 6 characters, and a secret has at least 32");
  expect(stderr).not.toContain("geheim");
});

test("secret generate prints a secret that createSessions takes, another one each time", async () => {
  const first = counterfoil("secret", "generate");
  expect(first).toEqual({ status: 0, stdout: expect.stringMatching(/^[\w-]{43}\n$/), stderr: "" });
  const second = JSON.parse(counterfoil("secret", "generate", "--json").stdout) as { readonly secret: string };
  expect(second).toEqual({ secret: expect.stringMatching(/^[\w-]{43}$/) });
  expect(second.secret).not.toBe(first.stdout.trim());
  const sessions = createSessions({ store: memory(), secret: second.secret });
  await sessions.ready();
  await sessions.close();
});

test("secret generate --to: a file that only its owner can read, and the secret is not printed", () => {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "secret");
  expect(counterfoil("secret", "generate", "--to", file)).toEqual({
    status: 0,
    stdout: `wrote a new secret to ${file}\n`,
    stderr: "",
  });
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^[\w-]{43}\n$/);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  // It is never written over.
  expect(counterfoil("secret", "generate", "--to", file).status).toBe(2);
  expect(readFileSync(file, "utf8")).toBe(text);
  writeFileSync(file, "short");
  const { stderr } = counterfoil("secret", "rotate", "--new-secret-file", file);
  expect(stderr).toContain("--new-secret-file names a file without a secret");
});

test("migrate --json: the statements, and what they lead to", () => {
  const { status, stdout } = counterfoil("migrate", "--print", "mariadb", "--from", "1", "--json");
  expect(status).toBe(0);
  const sql = counterfoil("migrate", "--print", "mysql", "--from", "1").stdout;
  expect(JSON.parse(stdout)).toEqual({ dialect: "mysql", from: 1, version: expect.any(Number), sql });
  const drizzle = ["migrate", "--print", "drizzle", "--dialect", "sqlite"];
  const source = counterfoil(...drizzle).stdout;
  expect(source).toContain('from "drizzle-orm/sqlite-core"');
  expect(JSON.parse(counterfoil(...drizzle, "--json").stdout)).toEqual({
    dialect: "sqlite",
    version: expect.any(Number),
    source,
  });
});

test("what it prints for SQLite makes tables on which sessions start, and nothing else is made", async () => {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_").stdout);
  const tables = (): unknown =>
    database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const before = tables();
  const store = sqlite({ database, tablePrefix: "shop_" });
  const sessions = createSessions({ store, secret: "a secret for tests, of 32 characters and more" });
  const { session } = await sessions.createNewSession("alice");
  expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([session.handle]);
  expect(tables()).toEqual(before);
  // Run again, it changes nothing; from the newest version on, there is nothing to do.
  expect(() => database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_").stdout)).toThrow(
    "exists",
  );
  database.exec("ROLLBACK");
  database.exec(counterfoil("migrate", "--print", "sqlite", "--prefix", "shop_", "--from", "9999").stdout);
  expect(tables()).toEqual(before);
});
