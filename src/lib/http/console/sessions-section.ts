import { toUserKey, type UserId } from "../../session/user-id.ts";
import type { PageParts } from "./page-parts.ts";
import { ID_TYPES, type IdType, type Search } from "./console-request.ts";
import { renderTable } from "./console-table.ts";
import { showDevice, showName, showText, showTime, showUser } from "./console-words.ts";
import { type Html, html, showUnseen } from "./html.ts";

/** The search for a user, and the sessions that it found. */
export function renderSearch(parts: PageParts): Html {
  const { search } = parts.asked;
  const { typed, type } = toTyped(search);
  const why = search.kind === "wrong" ? html`<p class="wrong" id="why">${search.why}</p>` : undefined;
  return html`<section id="sessions" aria-labelledby="sessions-title">
    <h2 id="sessions-title">Sessions of a user</h2>
    <form class="search" method="get" action="${parts.links.page}" role="search">
      <div>
        <label for="id">User id</label>
        <input
          id="id"
          name="id"
          value="${typed}"
          required
          maxlength="2000"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          ${why === undefined ? undefined : html` aria-invalid="true" aria-describedby="why"`}
        />
      </div>
      <div>
        <label for="type">Type</label>
        <select id="type" name="type">
          ${ID_TYPES.map((one) => html`<option${one === type ? html` selected` : undefined}>${one}</option>`)}
        </select>
      </div>
      <button>Search</button>
    </form>
    ${why} ${search.kind === "user" ? renderFound(parts, search.userId) : undefined}
  </section>`;
}

/** How the operator would type the id that is shown. */
function toTyped(search: Search): { readonly typed: string; readonly type: IdType } {
  if (search.kind === "none") return { typed: "", type: "text" };
  if (search.kind === "wrong") return search;
  const { userId } = search;
  if (typeof userId === "number") return { typed: toUserKey(userId), type: "number" };
  // Fields drop line breaks, and forms replace lone surrogates.
  const key = toUserKey(userId);
  return showUnseen(key) === `"${userId}"` ? { typed: userId, type: "text" } : { typed: showUnseen(key), type: "JSON" };
}

function renderFound({ facts, links, session }: PageParts, userId: UserId): Html | undefined {
  const { found } = facts;
  if (found === undefined) return undefined;
  const { sessions, next } = found;
  const more = next === undefined ? undefined : html`<p><a href="${links.user(userId, next)}">More sessions</a></p>`;
  const title = html`<h3 id="found-title">Live sessions of ${showUser(userId)}</h3>`;
  if (sessions.length === 0)
    return html`${title}
      <p class="none">No live session${more && html` on this page`}.</p>
      ${more}`;
  const now = session.now();
  const isActed = sessions.some(({ actor }) => actor !== undefined);
  const columns = ["Device", "Created", "Last seen", "Expires", "Binding", ...(isActed ? ["Actor"] : []), "Session"];
  const rows = sessions.map((one) => [
    one.knownDevice === false
      ? html`${showDevice(one.device)}<span class="line">new device</span>`
      : showDevice(one.device),
    showTime(one.createdAt, now),
    showTime(one.lastSeenAt, now),
    showTime(one.expiresAt, now),
    showText(one.binding === null ? "none" : JSON.stringify(one.binding)),
    ...(isActed ? [one.actor === undefined ? html`none` : showUser(one.actor.userId)] : []),
    html`${showName(one.handle)}
      <form method="post" action="${links.change("revoke", userId, one.handle)}">
        <button aria-label="Revoke session ${one.handle}">Revoke</button>
      </form>`,
  ]);
  return html`${title} ${renderTable({ labelledBy: "found-title", columns, rows })} ${more}
    <details>
      <summary>Revoke all sessions of this user…</summary>
      <form method="post" action="${links.change("revoke-all", userId)}">
        <p>The user is signed out on every device, also on those of other pages of this list.</p>
        <button class="grave">Revoke all sessions</button>
      </form>
    </details>`;
}
