/** Why a checkout cannot be released as it is: what is looked up before anything is built. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Stands in `repository` until the package has a home, to which its provenance leads. */
export const PLACEHOLDER = "placeholder-organisation";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: { readonly url?: string };
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** @returns sentences; none: it can be released */
export function findRefusals(folder: string): readonly string[] {
  const { version, repository } = readManifest(folder);
  const refusals: string[] = [];
  const url = repository?.url ?? "";
  if (url === "" || url.includes(PLACEHOLDER))
    refusals.push(`package.json: "repository" names no real organisation (${url || "there is none"})`);
  const changelog = readFileSync(join(folder, "CHANGELOG.md"), "utf8");
  const isDated = changelog.split("\n").some((line) => {
    const heading = `## [${version}] - `;
    return line.startsWith(heading) && /^\d{4}-\d\d-\d\d$/.test(line.slice(heading.length));
  });
  if (!isDated) refusals.push(`CHANGELOG.md: no heading "## [${version}] - YYYY-MM-DD"`);
  const coming = /^## \[Unreleased\]$(.*?)^## /ms.exec(changelog)?.[1] ?? "";
  if (/^- /m.test(coming)) refusals.push(`CHANGELOG.md: entries under [Unreleased], which belong to ${version}`);
  return refusals;
}
