/** `counterfoil init`: what it writes works, in each combination of its options. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppChoice, CHOICES } from "../../build/lib/cli/init/app-choice.js";
import { appFiles } from "../../build/lib/cli/init/app-files.js";
import { isFromRegistry } from "../../build/lib/cli/init/own-package.js";
import { versionsFor } from "../../build/lib/cli/init/versions.js";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedPostgres } from "../servers/shared.ts";
import { type InstalledTarball, installTarball, root } from "./installed-tarball.ts";

const run = promisify(execFile);
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const json = (file: string): Record<string, Readonly<Record<string, string>>> =>
  JSON.parse(readFileSync(file, "utf8")) as Record<string, Readonly<Record<string, string>>>;

const choices: readonly AppChoice[] = CHOICES.framework.flatMap((framework) =>
  CHOICES.database.flatMap((database) => CHOICES.page.map((page) => ({ framework, database, page }))),
);
const nameOf = ({ framework, database, page }: AppChoice): string => [framework, database, page].join("-");

/** What `npm install` would bring beside the package itself. */
const INSTALLED = [
  "express",
  "fastify",
  "hono",
  "@hono/node-server",
  "pg",
  "react",
  "react-dom",
  "vite",
  "@types/express",
  "@types/node",
  "@types/pg",
  "@types/react",
  "@types/react-dom",
];

let packed: InstalledTarball;
/** The folder of an app. */
const folderOf = (choice: AppChoice): string => join(packed.folder, nameOf(choice));

beforeAll(() => {
  packed = installTarball(INSTALLED);
  for (const choice of choices) {
    const facts = { name: "shop", counterfoil: "^0.1.0", secret: "a secret for tests, of 32 characters and more" };
    for (const { path, text: content } of appFiles(
      join(packed.folder, "node_modules/counterfoil/dist/templates"),
      choice,
      facts,
    )) {
      const file = join(folderOf(choice), path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }
});
afterAll(() => packed?.remove());

function init(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = join(packed.folder, "node_modules/counterfoil/dist/cli.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "init", ...args], {
    cwd: packed.folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted();

test("writes an app into a new folder, with a secret that only the user can read", () => {
  const { status, stdout, stderr } = init("My Shop", "--json");
  expect([status, stderr]).toEqual([0, ""]);
  const folder = join(packed.folder, "My Shop");
  const said = JSON.parse(stdout) as { folder: string; files: readonly string[] };
  expect(said).toMatchObject({ folder, framework: "express", database: "sqlite", page: "plain" });
  expect(filesIn(folder)).toEqual(said.files);

  const env = readFileSync(join(folder, ".env"), "utf8");
  expect(env).toMatch(/^COUNTERFOIL_SECRET=[\w-]{43}$/m);
  if (process.platform !== "win32") expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, ".gitignore"), "utf8").split("\n")).toEqual(
    expect.arrayContaining([".env", "*.db", "counterfoil.secret", "node_modules/"]),
  );
  // Not installed from npm, so the app gets the package itself.
  const manifest = json(join(folder, "package.json"));
  expect(manifest).toMatchObject({ name: "my-shop", dependencies: { express: expect.any(String) } });
  expect(manifest["dependencies"]?.["counterfoil"]).toMatch(/^file:vendor\/counterfoil-\d+\.\d+\.\d+\.tgz$/);
  const tarball = manifest["dependencies"]?.["counterfoil"]?.slice("file:".length);
  const { stdout: listed } = spawnSync("tar", ["-tzf", join(folder, tarball ?? "")], { encoding: "utf8" });
  expect(listed.split("\n")).toEqual(
    expect.arrayContaining(["package/dist/cli.js", "package/dist/templates/base/src/server.ts"]),
  );
});

test("overwrites no file, and then writes nothing at all", () => {
  const folder = join(packed.folder, "taken");
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(join(folder, "src/users.ts"), "mine");
  const { status, stdout, stderr } = init("taken", "--yes");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(`${join(folder, "src/users.ts")} exists, and nothing is overwritten; name a new folder`);
  expect(filesIn(folder)).toEqual(["src/users.ts"]);
  expect(readFileSync(join(folder, "src/users.ts"), "utf8")).toBe("mine");
});

test.each([
  [["--framework", "koa"], "--framework takes express, fastify, hono"],
  [["--database", "oracle"], "--database takes sqlite, postgres"],
  [["--page", "vue"], "--page takes plain, react"],
  [["one", "two"], "there is an argument that belongs to no option"],
  [["package.json"], "cannot be written"],
])("init %j is refused", (args, message) => {
  const { status, stderr } = init(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

test.skipIf(process.platform === "win32")(
  "on a terminal it asks for what is not given, until it knows the answer",
  () => {
    const command = `${process.execPath} ${join(packed.folder, "node_modules/counterfoil/dist/cli.js")} init asked --page react`;
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
      cwd: packed.folder,
      encoding: "utf8",
      input: "rails\nhono\npostgres\n",
    });
    expect(stdout.match(/framework \(express, fastify, hono\) \[express\]: /g)).toHaveLength(2);
    expect(stdout).not.toContain("page (");
    expect(stdout.replaceAll("\r", "")).toContain("cd asked\n  npm install\n  createdb");
    expect(stdout).toContain("http://localhost:5173");
    expect(stdout.replaceAll("\r", "")).toContain("cd asked\n  npm install\n  createdb");
    expect(stdout).toContain("http://localhost:5173");
    const manifest = json(join(packed.folder, "asked/package.json"));
    expect(Object.keys(manifest["dependencies"] ?? {})).toEqual([
      "@hono/node-server",
      "counterfoil",
      "hono",
      "pg",
      "react",
      "react-dom",
    ]);
  },
);

test("an app whose package came from npm names its version", () => {
  const folder = join(packed.folder, "node_modules/counterfoil");
  const lock = join(packed.folder, "node_modules/.package-lock.json");
  const before = readFileSync(lock, "utf8");
  expect(isFromRegistry(folder, "0.1.0")).toBe(false);
  const resolved = (from: string): string =>
    JSON.stringify({ packages: { "node_modules/counterfoil": { resolved: from } } });
  writeFileSync(lock, resolved("https://registry.npmjs.org/counterfoil/-/counterfoil-0.1.0.tgz"));
  expect(isFromRegistry(folder, "0.1.0")).toBe(true);
  expect(isFromRegistry(folder, "0.2.0")).toBe(false);
  writeFileSync(lock, resolved("https://github.com/somebody/counterfoil/archive/main.tar.gz"));
  expect(isFromRegistry(folder, "0.1.0")).toBe(false);
  writeFileSync(lock, before);
  expect(isFromRegistry(root, "0.1.0")).toBe(false);
});

test("the versions are those that our own tests run with", () => {
  const ours = { ...json(join(root, "examples/react-vite/package.json"))["devDependencies"] };
  Object.assign(ours, json(join(root, "package.json"))["devDependencies"]);
  for (const choice of choices) {
    const { run: toRun, develop } = versionsFor(choice);
    for (const [name, range] of Object.entries({ ...toRun, ...develop }))
      expect([name, range]).toEqual([name, `^${ours[name]}`]);
  }
});

test.each(CHOICES.page)("the apps with the page %s compile under their strict settings", async (page) => {
  const apps = choices.filter((choice) => choice.page === page);
  const settings = apps.map((choice) => readFileSync(join(folderOf(choice), "tsconfig.json"), "utf8"));
  expect(new Set(settings).size).toBe(1);
  // All in one program, which reads the declarations of packages once.
  const { include, ...rest } = JSON.parse(settings[0] ?? "") as { include: readonly string[] };
  const project = join(packed.folder, `tsconfig.${page}.json`);
  const all = apps.flatMap((choice) => include.map((pattern) => `${nameOf(choice)}/${pattern}`));
  writeFileSync(project, JSON.stringify({ ...rest, include: all }));
  const args = ["--project", project, "--listFiles", "--pretty", "false"];
  const { stdout } = await run(bin("tsc"), args).catch((error: { stdout: string }) => error);
  expect(stdout.split("\n").filter((line) => line.includes("error TS"))).toEqual([]);
  for (const choice of apps) expect(stdout).toContain(`/${nameOf(choice)}/test/app.test.ts`);
});

/** As its own script does, without npm. */
async function runOwnTest(choice: AppChoice, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const { test: script = "" } = json(join(folderOf(choice), "package.json"))["scripts"] ?? {};
  const [command, ...args] = script.split(" ");
  expect(command).toBe("node");
  const { stdout } = await run(process.execPath, args, {
    cwd: folderOf(choice),
    env: { PATH: process.env["PATH"], ...env },
  }).catch((error: { stdout: string }) => error);
  expect(stdout).not.toContain("CounterfoilNotice");
  expect(stdout).toMatch(/^. tests 2\n[^]*^. pass 2$/m);
}

const TESTED: readonly AppChoice[] = CHOICES.framework.map((framework) => ({
  framework,
  database: "sqlite",
  page: "plain",
}));
test.each(TESTED.map((choice) => [nameOf(choice), choice] as const))("%s passes its own test", (_name, choice) =>
  runOwnTest(choice),
);

describeWithServer("postgres", "an app over PostgreSQL", () => {
  test("passes its own test", async () => {
    const server = await sharedPostgres();
    const url = server.url(await server.createDatabase());
    await runOwnTest({ framework: "express", database: "postgres", page: "react" }, { DATABASE_URL: url });
  });
});

interface Running {
  readonly url: string;
  stop(): Promise<string>;
}

/** As `npm start` does, on a free port. */
async function start(choice: AppChoice): Promise<Running> {
  const child = spawn(process.execPath, ["--env-file-if-exists=.env", "src/server.ts"], {
    cwd: folderOf(choice),
    env: { ...process.env, PORT: "0", DATABASE: ":memory:" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const complaints = text(child.stderr);
  const exited = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const [, found] = /listening on (\S+)/.exec(chunk.toString()) ?? [];
      if (found !== undefined) resolve(found);
    });
    void exited.then(async () => reject(new Error(await complaints)));
  });
  return {
    url,
    async stop() {
      child.kill();
      const [code] = (await exited) as [number | null];
      return `${code} ${await complaints}`;
    },
  };
}

/** Express serves files itself. */
const SHOWN: readonly AppChoice[] = [
  { framework: "fastify", database: "sqlite", page: "plain" },
  { framework: "hono", database: "sqlite", page: "react" },
];
const isSkipped = isSkippedWithoutBrowser("the pages of counterfoil init");
describe.skipIf(isSkipped)("the page (needs a browser: Debian's package chromium)", () => {
  test.each(SHOWN.map((choice) => [nameOf(choice), choice] as const))(
    "of %s signs up, likes and signs out",
    async (_name, choice) => {
      if (choice.page === "react") await run(bin("vite"), ["build"], { cwd: folderOf(choice) });
      const app = await start(choice);
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        const complaints: string[] = [];
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (message) => {
          if (["error", "warning"].includes(message.type())) complaints.push(message.text());
        });
        await page.goto(app.url);
        await useApp(page);
        expect(complaints).toEqual([]);
        expect((await fetch(`${app.url}/..%2f.env`)).status).toBe(404);
        expect((await fetch(`${app.url}/no-such-file.js`)).status).toBe(404);
      } finally {
        await browser.close();
        expect(await app.stop()).toBe("0 ");
      }
    },
  );
});

async function useApp(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("alice");
  await page.getByLabel("Password").fill("open sesame");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByText("You are alice.").waitFor();
  await page.getByRole("button", { name: "Like" }).click();
  await page.getByText("Likes in this session: 1").waitFor();
  await page.reload();
  await page.getByText("You are alice.").waitFor();
  await page.getByRole("button", { name: "Like" }).click();
  await page.getByText("Likes in this session: 2").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
}
