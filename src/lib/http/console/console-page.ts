/** The page of the console, made anew for each request. */
import type { ConsoleNotice } from "./console-notices.ts";
import { renderKeys } from "./keys-section.ts";
import { renderReuses } from "./reuse-section.ts";
import { renderSearch } from "./sessions-section.ts";
import { renderStatus } from "./status-section.ts";
import { showText } from "./console-words.ts";
import { type Html, html } from "./html.ts";
import type { PageParts } from "./page-parts.ts";

export function renderPage(parts: PageParts): Html {
  const { operator, links, notices } = parts;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${notices.some(({ isAlert }) => isAlert) ? "Error – " : ""}Session console</title>
        <link rel="stylesheet" href="${links.style}" />
        <script src="${links.script}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <h1>Session console</h1>
          <p>${operator === null ? "Authorized by the app" : html`Operator: <strong>${showText(operator)}</strong>`}</p>
          <nav aria-label="Sections">
            <a href="#sessions">Sessions</a> <a href="#reuses">Reused tokens</a> <a href="#keys">Keys</a>
            <a href="#status">Status</a>
          </nav>
        </header>
        <main id="main" tabindex="-1">
          ${notices.map(renderNotice)} ${renderSearch(parts)} ${renderReuses(parts)} ${renderKeys(parts)}
          ${renderStatus(parts)}
        </main>
      </body>
    </html> `;
}

/** It takes the focus, so that a screen reader says it first. */
const renderNotice = ({ isAlert, text }: ConsoleNotice, index: number): Html =>
  html`<p
    class="notice ${isAlert ? "alert" : "done"}"
    role="${isAlert ? "alert" : "status"}"
    tabindex="-1"
    ${index === 0 ? html` autofocus` : undefined}
  >
    ${text}
  </p>`;
