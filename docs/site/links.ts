/** Where a link of a Markdown file of this repository leads on the site. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly repository: { readonly url: string };
};
/** Address of the repository, as a browser opens it. */
export const repositoryUrl: string = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");

/**
 * Turns a link between files into one of the site. A link to a page of `docs` becomes the page's
 * address, a link to another file of the repository becomes its address there.
 *
 * @param from path of the file with the link, in the repository, as in `docs/guide/keys.md`
 * @returns the link itself if it has a scheme, or leads to a heading of the same page
 */
export function siteLink(from: string, href: string): string {
  if (/^(?:[a-z][a-z+.-]*:|#|\/)/i.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const target = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "");
  if (target === "README.md" && hash === "") return "/";
  const file = join(root, target);
  const isFolder = existsSync(file) && statSync(file).isDirectory();
  if (target.startsWith("docs/")) {
    const page = target.slice("docs".length);
    if (isFolder && existsSync(join(file, "README.md"))) return `${page}/${hash}`;
    if (page.endsWith("/README.md")) return `${page.slice(0, -"README.md".length)}${hash}`;
    if (page.endsWith(".md")) return `${page}${hash}`;
  }
  return `${repositoryUrl}/${isFolder ? "tree" : "blob"}/main/${target}${hash}`;
}
