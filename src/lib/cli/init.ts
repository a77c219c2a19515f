import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { newSecret } from "../crypto/secret.ts";
import { type Command, defineCommand } from "./command.ts";
import { UsageError } from "./command-error.ts";
import { type AppChoice, CHOICE_NAMES, type ChoiceName, CHOICES, isChoice } from "./init/app-choice.ts";
import { type AppFile, appFiles } from "./init/app-files.ts";
import { findOwnPackage, packInto } from "./init/own-package.ts";

type Chosen = { [Name in ChoiceName]?: string };

const listOf = (name: ChoiceName): string => CHOICES[name].join("|");

/** Writes a small app that works. */
export const init: Command = defineCommand({
  usage: `counterfoil init [folder] [--framework <${listOf("framework")}>] [--database <${listOf("database")}>] [--page <${listOf("page")}>] [--yes] [--json]
  Writes a small app with sessions, users, a page and a test. It overwrites nothing. Default: the first of each, in this folder.
  --yes     asks nothing`,
  options: { framework: "text", database: "text", page: "text", yes: "flag" },
  positionals: 1,
  async run({ yes, ...given }, [place = "."]) {
    for (const name of CHOICE_NAMES) refuseUnknown(name, given[name]);
    const isAsking = yes !== true && process.stdin.isTTY && process.stderr.isTTY;
    const choice = complete(isAsking ? await ask(given) : given);

    const folder = resolve(place);
    const name = toPackageName(basename(folder));
    const own = findOwnPackage();
    const tarball = own.isFromRegistry ? undefined : `vendor/counterfoil-${own.version}.tgz`;
    const counterfoil = tarball === undefined ? `^${own.version}` : `file:${tarball}`;
    const files = appFiles(join(own.folder, "dist/templates"), choice, { name, counterfoil, secret: newSecret() });
    const paths = [...files.map(({ path }) => path), ...(tarball === undefined ? [] : [tarball])];
    refuseExisting(folder, paths);

    for (const file of files) write(folder, file);
    if (tarball !== undefined) packInto(join(folder, "vendor"), own);
    return {
      text: nextSteps(relative(process.cwd(), folder), choice, paths.length),
      json: { folder, ...choice, files: paths.toSorted() },
    };
  },
});

function refuseUnknown(name: ChoiceName, value: string | undefined): void {
  if (value !== undefined && !isChoice(name, value))
    throw new UsageError(`--${name} takes ${CHOICES[name].join(", ")}`);
}

/** The first of what was not chosen. */
const complete = (given: Chosen): AppChoice =>
  Object.fromEntries(CHOICE_NAMES.map((name) => [name, given[name] ?? CHOICES[name][0]])) as AppChoice;

/** Asks on a terminal for what was not given. */
async function ask(given: Chosen): Promise<Chosen> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // An iterator keeps the lines that are typed ahead of their questions.
  const lines = terminal[Symbol.asyncIterator]();
  const answers: Chosen = { ...given };
  try {
    for (const name of CHOICE_NAMES.filter((one) => given[one] === undefined)) {
      terminal.setPrompt(`${name} (${CHOICES[name].join(", ")}) [${CHOICES[name][0]}]: `);
      let answer: string | undefined;
      while (answer === undefined) {
        terminal.prompt();
        const { value, done } = await lines.next();
        if (done === true) throw new UsageError("the questions were not answered; add --yes for the defaults");
        if (value.trim() === "") answer = CHOICES[name][0];
        else if (isChoice(name, value.trim())) answer = value.trim();
      }
      answers[name] = answer;
    }
  } finally {
    terminal.close();
  }
  return answers;
}

/** Before anything is written, so that a refusal leaves nothing behind. */
function refuseExisting(folder: string, paths: readonly string[]): void {
  const found = paths.find((path) => existsSync(join(folder, path)));
  if (found !== undefined)
    throw new UsageError(`${join(folder, found)} exists, and nothing is overwritten; name a new folder`);
}

function write(folder: string, { path, text, isPrivate }: AppFile): void {
  const file = join(folder, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx", mode: isPrivate ? 0o600 : 0o666 });
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** What npm takes for a name, and PostgreSQL for that of a database. */
const toPackageName = (folder: string): string =>
  folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "") || "app";

function nextSteps(folder: string, { database, page }: AppChoice, count: number): string {
  const steps = [
    ...(folder === "" ? [] : [`cd ${folder}`]),
    "npm install",
    ...(database === "postgres" ? ["createdb …     # the database of DATABASE_URL in .env"] : []),
    "npm test",
    `npm run dev     # http://localhost:${page === "react" ? 5173 : 3000}`,
  ];
  return `wrote ${count} files. Next:\n\n${steps.map((step) => `  ${step}\n`).join("")}`;
}
