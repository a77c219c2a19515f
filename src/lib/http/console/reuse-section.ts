import type { SessionEvents } from "../../session/events.ts";
import type { PageParts } from "./page-parts.ts";
import { renderTable } from "./console-table.ts";
import { describeDuration, showDevice, showInstant, showName, showTime, showUser } from "./console-words.ts";
import { type Html, html } from "./html.ts";
import { KEPT_REUSES } from "./reuse-log.ts";

type Reuse = SessionEvents["reuse-detected"];

/** Stolen sessions, with what is known of both parties. */
export function renderReuses({ reuses, links, session }: PageParts): Html {
  const now = session.now();
  const [seen, count] = [reuses.latest(), reuses.count()];
  const rows = seen.map(({ at, event }) => [
    showTime(at, now),
    html`<a href="${links.user(event.userId)}">${showUser(event.userId)}</a>
      <span class="line">${showName(event.handle)}</span>`,
    html`${describeEnd(event)}`,
    html`${showDevice(event.lastDevice)} <span class="line">${describeHolder(event)}</span>`,
    html`${showDevice(event.presentingDevice)} <span class="line">${describePresenter(event)}</span>`,
  ]);
  const columns = ["Seen", "User and session", "Outcome", "Last refresh by", "Reused token from"];
  return html`<section id="reuses" aria-labelledby="reuses-title">
    <h2 id="reuses-title">Reused refresh tokens</h2>
    <p>
      A reused token means that two parties hold tokens of one session: it was stolen. This process has seen ${count}
      since ${showInstant(reuses.since)}, and keeps the last ${KEPT_REUSES}. Other processes have seen their own.
    </p>
    ${rows.length === 0 ? html`<p class="none">None was seen.</p>` : renderTable({ labelledBy: "reuses-title", columns, rows })}
  </section>`;
}

function describeEnd({ revoked, unknown }: Reuse): string {
  if (unknown === true) return "revoked or not: the response of the database was lost";
  return revoked ? "revoked" : "not revoked (onReuse: report)";
}

const describeHolder = ({ currentGeneration, sinceConfirmation }: Reuse): string =>
  `generation ${currentGeneration}${sinceConfirmation === null ? "" : `, confirmed ${describeDuration(sinceConfirmation)} before`}`;

const describePresenter = ({ presented, presentedGeneration, sinceChildSeen }: Reuse): string =>
  `generation ${presentedGeneration}, ${presented}${sinceChildSeen === null ? "" : `; its child was first used ${describeDuration(sinceChildSeen)} before`}`;
