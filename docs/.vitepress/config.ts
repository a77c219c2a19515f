import { cpSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { DefaultTheme, UserConfig } from "vitepress";
import { slugOf } from "../site/anchors.ts";
import { repositoryUrl, root, siteLink } from "../site/links.ts";
import { llmsFull, llmsList } from "../site/llms.ts";
import { type Page, pathsIn, readNavigation } from "../site/markdown.ts";
import { APART } from "../site/pages.ts";

const docs = fileURLToPath(new URL("..", import.meta.url));
/** For a site that is published below a path, as in `/counterfoil/`. */
const base = process.env["DOCS_BASE"] ?? "/";

const addressOf = (path: string): string => `/${path.replace(/(^|\/)README$/, "$1")}`;
const itemOf = ({ title, path }: Page): DefaultTheme.SidebarItem => ({ text: title, link: addressOf(path) });
const sidebar = readNavigation().map(({ title, pages, folder }): DefaultTheme.SidebarItem => {
  const [start, ...rest] = folder.map(itemOf);
  const below = start === undefined ? [] : [{ ...start, items: rest, collapsed: true }];
  return { text: title, items: [...pages.map(itemOf), ...below] };
});

/** What VitePress tells the rules of its parser about the page. */
interface Environment {
  readonly path?: string;
  /** Of a page whose address is another than its file's. */
  readonly realPath?: string;
}

const config: UserConfig<DefaultTheme.Config> = {
  title: "Counterfoil",
  description: "User sessions for Node backends, in your process, over your own database.",
  lang: "en",
  base,
  outDir: join(docs, ".site"),
  cacheDir: join(docs, "node_modules/.vitepress"),
  srcExclude: ["**/node_modules/**", ...APART.map((path) => `${path}.md`)],
  rewrites: (path) => path.replace(/(^|\/)README\.md$/, "$1index.md"),
  ignoreDeadLinks: "localhostLinks",
  metaChunk: true,
  // The index of the search is one chunk, which a page loads when a reader searches.
  vite: { build: { chunkSizeWarningLimit: 5000 } },
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }]],
  markdown: {
    theme: { light: "github-light", dark: "github-dark" },
    languageAlias: { gitignore: "ini" },
    anchor: { slugify: slugOf },
    headers: { slugify: slugOf },
    config(parser) {
      parser.core.ruler.push("links-of-the-repository", ({ tokens, env }) => {
        const { path = "", realPath = path } = env as Environment;
        // The title of a page is parsed by itself, without a page around it.
        if (realPath === "") return;
        const from = relative(root, realPath).replaceAll("\\", "/");
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === "link_open" ? token.attrGet("href") : null;
          if (href !== null) token.attrSet("href", siteLink(from, href));
        }
      });
    },
  },
  themeConfig: {
    logo: { src: "/icon.svg", alt: "" },
    nav: [
      { text: "Guide", link: "/guide/getting-started" },
      { text: "Options", link: "/options" },
      { text: "API", link: "/reference/", activeMatch: "^/reference/" },
      { text: "Errors", link: "/errors" },
    ],
    sidebar,
    outline: { level: [2, 3], label: "On this page" },
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: repositoryUrl }],
    externalLinkIcon: true,
  },
  buildEnd({ outDir }) {
    // The list's links are relative: to the Markdown, in the repository and on the site.
    for (const path of pathsIn().filter((page) => !APART.includes(page)))
      cpSync(join(docs, `${path}.md`), join(outDir, `${path}.md`), { recursive: true });
    writeFileSync(join(outDir, "llms.txt"), llmsList());
    writeFileSync(join(outDir, "llms-full.txt"), llmsFull());
  },
};

export default config;
