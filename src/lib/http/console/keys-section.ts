import { type KeyState, keyStates } from "../../key/key-state.ts";
import type { PageParts } from "./page-parts.ts";
import { renderTable } from "./console-table.ts";
import { describeDuration, showName, showTime } from "./console-words.ts";
import { type Html, html } from "./html.ts";

const STATES: Readonly<Record<KeyState, string>> = {
  pending: "pending: signs later",
  active: "active: signs",
  retired: "retired: only verifies",
};

/** The signing keys, newest first. */
export function renderKeys({ facts, links, session }: PageParts): Html {
  const now = session.now();
  const { rotateEvery, publishAhead } = session.policy.keys;
  const keys = facts.keys ?? [];
  const states = keyStates(keys, now);
  const rows = keys.map((key, index) => [
    showName(key.kid),
    html`${STATES[states[index] ?? "retired"]}`,
    html`${key.algorithm}`,
    showTime(key.createdAt, now),
    showTime(key.activatesAt, now),
  ]);
  const columns = ["Key", "State", "Algorithm", "Made", "Signs from"];
  return html`<section id="keys" aria-labelledby="keys-title">
    <h2 id="keys-title">Signing keys</h2>
    <p>
      A key is replaced after ${describeDuration(rotateEvery)} at most, by one that is published
      ${describeDuration(publishAhead)} before it signs. All sessions go on.
    </p>
    ${rows.length === 0 ? html`<p class="none">The keys are not known just now.</p>` : renderTable({ labelledBy: "keys-title", columns, rows: rows.toReversed() })}
    <form method="post" action="${links.change("rotate-key")}"><button>Rotate the key</button></form>
  </section>`;
}
