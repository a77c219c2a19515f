/**
 * Takes the pictures of `docs/pictures`: README as GitHub shows it, three pages of the site, and
 * the demo, on a screen of 1280 and of 390 pixels, light and dark. It needs the built site, and
 * runs as `npm run pictures`. With names as arguments, as in `npm run pictures -- demo`, it takes
 * only those.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import MarkdownIt from "markdown-it";
import type { Browser, Page } from "playwright-core";
import UPNG from "upng-js";
import { startDemo } from "../../examples/demo/start-demo.ts";
import { launchBrowser } from "../../test/browser/chromium.ts";
import { root } from "./links.ts";

/** No picture is larger, in bytes: each clone has them all. */
const LIMIT = 60_000;
const SCREENS = [
  { width: 1280, height: 800, isMobile: false },
  { width: 390, height: 844, isMobile: true },
] as const;
const SCHEMES = ["light", "dark"] as const;
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".json": "application/json",
};

const pictures = join(root, "docs/pictures");
const site = await serve(join(root, "docs/.site"), () => undefined);
const repository = await serve(root, (path) => (path === "/README" ? readmePage() : undefined));
const demo = await startDemo();
const browser = await launchBrowser();

/** The address of what is photographed, and what happens on the page before. */
const SUBJECTS: Readonly<Record<string, { readonly url: string; act?(page: Page): Promise<void> }>> = {
  readme: { url: `${repository.url}/README` },
  "getting-started": { url: `${site.url}/guide/getting-started.html` },
  reference: { url: `${site.url}/reference/express.html` },
  troubleshooting: { url: `${site.url}/guide/troubleshooting.html` },
  demo: { url: demo.url },
};

try {
  mkdirSync(pictures, { recursive: true });
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(SUBJECTS))
    for (const screen of SCREENS) for (const scheme of SCHEMES) await take(browser, { name, screen, scheme });
} finally {
  await browser.close();
  await demo.stop();
  for (const { server } of [site, repository]) server.close();
}

interface Shot {
  readonly name: string;
  readonly screen: (typeof SCREENS)[number];
  readonly scheme: (typeof SCHEMES)[number];
}

async function take(chromium: Browser, { name, screen, scheme }: Shot): Promise<void> {
  const subject = SUBJECTS[name];
  if (subject === undefined) throw new Error(`there is no picture ${name}; known: ${Object.keys(SUBJECTS).join(", ")}`);
  const { width, height, isMobile } = screen;
  const context = await chromium.newContext({ viewport: { width, height }, colorScheme: scheme, isMobile });
  const page = await context.newPage();
  await page.goto(subject.url, { waitUntil: "load" });
  await subject.act?.(page);
  const picture = shrink(await page.screenshot());
  const file = `${name}-${width}-${scheme}.png`;
  writeFileSync(join(pictures, file), picture);
  console.log(`${file}: ${(picture.length / 1000).toFixed(1)} kB`);
  await context.close();
}

/** As many colours as fit the limit: text stays sharp, which it does not with less quality. */
function shrink(png: Buffer): Buffer {
  const image = UPNG.decode(new Uint8Array(png).buffer);
  const { width, height } = image;
  for (const colours of [256, 128, 64, 32, 16]) {
    const shrunk = Buffer.from(UPNG.encode(UPNG.toRGBA8(image), width, height, colours));
    if (shrunk.length <= LIMIT) return shrunk;
  }
  throw new Error(`a picture is larger than ${LIMIT} bytes`);
}

/** README in the style sheet of GitHub. */
function readmePage(): string {
  const require = createRequire(import.meta.url);
  const style = readFileSync(require.resolve("github-markdown-css/github-markdown.css"), "utf8");
  const body = new MarkdownIt({ html: true, linkify: true }).render(readFileSync(join(root, "README.md"), "utf8"));
  return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>${style}
body { margin: 0; background: light-dark(#fff, #0d1117); color-scheme: light dark; }
.markdown-body { box-sizing: border-box; max-width: 980px; margin: 0 auto; padding: clamp(16px, 4vw, 45px); }</style>
<article class="markdown-body">${body}</article>`;
}

async function serve(
  folder: string,
  generated: (path: string) => string | undefined,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const made = generated(path);
    try {
      const content = made ?? readFileSync(join(folder, path.endsWith("/") ? `${path}index.html` : path));
      response.setHeader("content-type", TYPES[made === undefined ? extname(path) : ".html"] ?? "text/plain");
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
