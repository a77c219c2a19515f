import type { PageParts } from "./page-parts.ts";
import { describeDuration, showText, showInstant } from "./console-words.ts";
import { type Html, html } from "./html.ts";

/** What this process works with. */
export function renderStatus({ session }: PageParts): Html {
  const { policy, storeKind, now, stats } = session;
  const { validity, revocation } = policy.accessToken;
  const facts: readonly (readonly [string, Html])[] = [
    ["Store", showText(storeKind ?? "unknown")],
    ["Lag of the revocation feed", showLag(stats().feedLag)],
    ["Revocation of access tokens", html`${revocation}, valid for ${describeDuration(validity)}`],
    ["Time of this process", showInstant(now())],
  ];
  return html`<section id="status" aria-labelledby="status-title">
    <h2 id="status-title">Status</h2>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

/** How old the position of this process in the feed is, if there is a feed. */
const showLag = (lag: number | undefined): Html => html`${lag === undefined ? "unknown" : `${Math.round(lag)} ms`}`;
