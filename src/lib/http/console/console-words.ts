/** Values as the page shows them. */
import type { DeviceFacts } from "../../session/record.ts";
import { toUserKey, type UserId } from "../../session/user-id.ts";
import { type Html, html, showUnseen } from "./html.ts";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** A duration in its greatest unit, for instance `5 min`. */
export function describeDuration(ms: number): string {
  const [unit, length] = UNITS.find((one) => ms >= one[1]) ?? ["s", 1000];
  return `${Math.floor(ms / length)} ${unit}`;
}

/** A time, and how far it is from now. */
export function showTime(time: number, now: number): Html {
  const apart = describeDuration(Math.abs(now - time));
  return html`${showInstant(time)} <small>${time > now ? `in ${apart}` : `${apart} ago`}</small>`;
}

/** A time. The script writes it as the operator's clock shows it. */
export function showInstant(time: number): Html {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")} UTC</time>`;
}

/**
 * A user id without any doubt about it: as JSON, so that the text "42" differs from the number 42,
 * and apart from the direction of the text around it.
 */
export const showUser = (userId: UserId): Html =>
  html`<bdi class="exact">${showUnseen(toUserKey(userId))}</bdi>
    <small>${typeof userId === "string" ? "text" : "number"}</small>`;

/** A text that a client or an app has given. */
export const showText = (text: string): Html => html`<bdi class="exact">${showUnseen(text)}</bdi>`;

/** A handle or the name of a key. */
export const showName = (name: string): Html => html`<code>${showUnseen(name)}</code>`;

/** What is known of a device, a line each. */
export function showDevice({ label, userAgent, ip, location }: DeviceFacts): Html {
  const known = [label, userAgent, ip, location].filter((one) => one !== undefined);
  return known.length === 0
    ? html`unknown`
    : html`${known.map((one) => html`<span class="line">${showText(one)}</span>`)}`;
}
