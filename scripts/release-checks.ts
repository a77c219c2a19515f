/** What is checked of a package that is about to be published: on its tarball, as users get it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { readManifest } from "./release-refusals.ts";

export interface Packed {
  readonly path: string;
  readonly integrity: string;
  /** Of the tarball, in bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Licences that ask no more of a user's app than ours does. */
const ALLOWED: ReadonlySet<string> = new Set(["MIT", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"]);

/** What a build and a tarball are made of. */
const SOURCES = ["src", "scripts", "templates", "docs", "package.json", "README.md", "SECURITY.md", "LICENSE"];
const isSource = (name: string): boolean => SOURCES.includes(name) || /^tsconfig\..*json$|^tsconfig\.json$/.test(name);

/** Builds and packs a copy of a checkout, in a folder of its own. */
export function buildAndPack(root: string, folder: string): Packed {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(root)) {
    if (isSource(name)) cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  run(folder, process.execPath, "scripts/build.ts");
  const json = run(folder, "npm", "pack", "--json", "--ignore-scripts");
  const [packed] = JSON.parse(json) as (Omit<Packed, "path"> & { readonly filename: string })[];
  if (packed === undefined) throw new Error("npm pack told of no tarball");
  return { ...packed, path: join(folder, packed.filename) };
}

/** Each check gives sentences about what is wrong; none: nothing. */
export type Check = () => readonly string[] | Promise<readonly string[]>;

/**
 * @param twice tarballs of two builds in two folders
 * @param folder for what a user has who installs it; gets `sbom.json`
 */
export function listChecks(twice: readonly [Packed, Packed], folder: string): Readonly<Record<string, Check>> {
  const [packed, again] = twice;
  const installed = join(folder, "package");
  mkdirSync(folder, { recursive: true });
  run(folder, "tar", "-xzf", packed.path);
  return {
    "two builds give one hash": () =>
      packed.integrity === again.integrity ? [] : [`${packed.integrity} and ${again.integrity}`],
    publint: async () => {
      const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false });
      return messages.map((message) => formatMessage(message, pkg) ?? message.code);
    },
    "attw --profile esm-only": () => {
      try {
        run(folder, "attw", packed.path, "--profile", "esm-only", "--format", "ascii", "--no-color");
        return [];
      } catch (error) {
        return [String((error as { readonly stdout?: unknown }).stdout)];
      }
    },
    "licences and SBOM": () => {
      const sbom = writeSbom(installed);
      writeFileSync(join(folder, "sbom.json"), `${JSON.stringify(sbom, undefined, 2)}\n`);
      return findStrangeLicences([sbom.metadata.component, ...sbom.components]);
    },
  };
}

interface Component {
  readonly name: string;
  readonly licenses?: readonly { readonly license?: { readonly id?: string }; readonly expression?: string }[];
}

interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

/** CycloneDX, of the package and of what npm installs along with it. */
function writeSbom(installed: string): Sbom {
  // With what only developers install npm would look for all of it.
  const { devDependencies: _, workspaces: __, ...manifest } = readManifest(installed);
  // npm calls the package as its folder is called.
  const folder = join(installed, "..", "sbom", manifest.name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  run(folder, "npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=peer");
  const lists = ["--omit=dev", "--omit=optional", "--omit=peer"];
  return JSON.parse(run(folder, "npm", "sbom", "--package-lock-only", "--sbom-format=cyclonedx", ...lists)) as Sbom;
}

export function findStrangeLicences(components: readonly Component[]): readonly string[] {
  return components.flatMap(({ name, licenses = [] }) => {
    const names = licenses.map(({ license, expression }) => license?.id ?? expression ?? "unknown");
    const strange = names.length === 0 ? ["none"] : names.filter((licence) => !ALLOWED.has(licence));
    return strange.map((licence) => `${name} has the licence ${licence}`);
  });
}

/** Files of the tarball that keep a licence of their own. @returns their paths, with the notice */
export function findOwnNotices(folder: string, { files }: Packed): readonly string[] {
  return files.flatMap(({ path }) => {
    if (!path.endsWith(".js")) return [];
    const notice = /^\/\*!.*?\*\//s.exec(readFileSync(join(folder, "package", path), "utf8"))?.[0];
    const licence = /\b(?:Mozilla Public License|Apache License|GPL|Creative Commons)[^:\n]*/.exec(notice ?? "")?.[0];
    return licence === undefined ? [] : [`${path}: ${licence}`];
  });
}

function run(cwd: string, command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64_000_000,
  });
}
