import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import express, { Router } from "express";
import { Marked } from "marked";

const DOCS = new URL("../../docs/", import.meta.url);

/** The pages of `docs/` for a browser, since the alarm leads to one of them. */
export function guide(): Router {
  const router = Router();
  router.get(/^\/docs\/(?:[a-z-]+\/)?[\w-]+\.md$/, async (req, res) => {
    const text = await readFile(new URL(`..${req.path}`, DOCS), "utf8").catch(() => undefined);
    if (text === undefined) res.status(404).type("text").send("There is no such page.");
    else res.type("html").send(await render(text, req.path));
  });
  router.use("/docs/guide", express.static(fileURLToPath(new URL("guide", DOCS)), { index: false }));
  return router;
}

async function render(text: string, path: string): Promise<string> {
  const marked = new Marked({
    renderer: {
      heading: (content, level, raw) => `<h${level} id="${toId(raw)}">${content}</h${level}>\n`,
      // The repository's other files are not served.
      link: (href, _title, content) => (isServed(href, path) ? `<a href="${href}">${content}</a>` : content),
      table: (head, body) => `<div class="wide" tabindex="0"><table>${head}${body}</table></div>\n`,
    },
  });
  const title = /^# (.*)$/m.exec(text)?.[1] ?? "Counterfoil";
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · Counterfoil</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/base.css" />
    <link rel="stylesheet" href="/guide.css" />
  </head>
  <body class="guide">
    <p><a href="/">The demo</a></p>
    ${await marked.parse(text)}
  </body>
</html>
`;
}

function isServed(href: string, path: string): boolean {
  const here = "http://localhost";
  const { origin, pathname } = new URL(href, here + path);
  return origin !== here || /^\/docs\/.*\.md$/.test(pathname);
}

/** The id that GitHub gives a heading. */
const toId = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
