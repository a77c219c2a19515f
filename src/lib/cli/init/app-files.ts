import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AppChoice } from "./app-choice.ts";
import { readmeFor } from "./readme.ts";
import { versionsFor } from "./versions.ts";

/** What an app is called, where it finds this library, and what only it knows. */
export interface AppFacts {
  readonly name: string;
  /** The version of this library for package.json, or where it is. */
  readonly counterfoil: string;
  readonly secret: string;
}

/** A file of an app, by its path below the app's folder. */
export interface AppFile {
  readonly path: string;
  readonly text: string;
  /** Only the owner may read it. */
  readonly isPrivate?: true;
}

/**
 * Every file of an app.
 *
 * @param templates the folder with the parts that are chosen from
 */
export function appFiles(templates: string, choice: AppChoice, facts: AppFacts): readonly AppFile[] {
  const parts = ["base", choice.framework, choice.database, choice.page];
  return [
    { path: "package.json", text: toJson(packageFor(choice, facts)) },
    { path: "tsconfig.json", text: toJson(compilerOptionsFor(choice)) },
    // npm leaves files of these names out of a package, so they are no templates.
    {
      path: ".gitignore",
      text: "node_modules/\ndist/\n.env\n*.db\n*.db-wal\n*.db-shm\ncounterfoil.secret\n.*.secret\n",
    },
    { path: ".env", text: environmentFor(choice, facts), isPrivate: true },
    { path: "README.md", text: readmeFor(choice, facts) },
    ...parts.flatMap((part) => filesOf(join(templates, part))),
  ];
}

const filesOf = (folder: string): readonly AppFile[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(join(folder, path), "utf8") }));

const toJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

function packageFor(choice: AppChoice, { name, counterfoil }: AppFacts): object {
  const { run, develop } = versionsFor(choice);
  const isReact = choice.page === "react";
  const dependencies = Object.entries({ counterfoil, ...run }).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    name,
    private: true,
    type: "module",
    scripts: {
      dev: `node --watch --env-file=.env ${isReact ? "dev.ts" : "src/server.ts"}`,
      ...(isReact && { build: "vite build" }),
      start: "node --env-file-if-exists=.env src/server.ts",
      test: "node --env-file-if-exists=.env --test test/*.test.ts",
      types: "tsc",
    },
    dependencies: Object.fromEntries(dependencies),
    devDependencies: develop,
    engines: { node: ">=22.18" },
  };
}

const compilerOptionsFor = ({ page }: AppChoice): object => ({
  compilerOptions: {
    target: "es2023",
    lib: page === "react" ? ["es2023", "dom", "dom.iterable"] : ["es2023"],
    ...(page === "react" && { jsx: "react-jsx" }),
    module: "nodenext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  },
  include: page === "react" ? ["*.ts", "src", "test", "page"] : ["src", "test"],
});

const environmentFor = (
  { database }: AppChoice,
  { name, secret }: AppFacts,
): string => `# For this machine only. Git ignores this file.
NODE_ENV=development
PORT=3000
${database === "sqlite" ? "DATABASE=app.db" : `DATABASE_URL=postgres://localhost:5432/${name}`}
# Protects the keys of the sessions. Each place needs one of its own: openssl rand -base64 32
COUNTERFOIL_SECRET=${secret}
`;
