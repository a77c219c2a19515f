/** What both sides can do with a session, and how their logs tell of it. */
import { MESSAGES } from "./counterfoil/protocol.js";

/**
 * @typedef {"me" | "like" | "refresh"} Action
 *
 * @typedef {object} Answer
 * @property {number} status 0: none came
 * @property {any} body
 * @property {string} reason why a request was refused, as `WWW-Authenticate` tells it
 * @property {number | undefined} after generation of the refresh token after the answer
 *
 * @typedef {{ call: string, status: number, text: string, kind: "good" | "soft" | "bad" }} LogEntry
 *
 * @typedef {object} Side
 * @property {{ live: boolean, auto: boolean, user: string, bound: string, marker: Marker |
 * undefined, refreshedAt: Date | undefined }} state
 * @property {(action: Action) => Promise<void>} call
 *
 * @typedef {import("counterfoil/protocol").SessionMarker} Marker
 */

/** @type {Record<Action, { method: string, path: string }>} */
export const ACTIONS = {
  me: { method: "GET", path: "/api/me" },
  like: { method: "POST", path: "/api/like" },
  refresh: { method: "POST", path: "/session/refresh" },
};
const CALLS = { me: "GET me", like: "POST like", refresh: "refresh" };

export const NO_ANSWER = { status: 0, body: { message: "no answer from the server" }, reason: "" };

/**
 * How long its access token is still good for, in ms. The demo's server runs on this machine, so
 * both have one clock.
 * @param {Marker} marker
 */
export const timeLeft = (marker) => Math.max(0, marker.accessExpires - Date.now());

/** @param {string | null} challenge */
export const reasonIn = (challenge) => /error_description="([^"]*)"/.exec(challenge ?? "")?.[1] ?? "";

/**
 * @param {Action} action
 * @param {Answer} answer
 * @param {number | undefined} before
 * @returns {LogEntry}
 */
export function describe(action, { status, body, reason, after }, before) {
  const call = CALLS[action];
  if (status === 200) return { call, status, kind: "good", text: describeSuccess(action, body, before, after) };
  const isPassing = status === 409 || body.message === MESSAGES.tryRefreshToken;
  return { call, status, kind: isPassing ? "soft" : "bad", text: explainRefusal(action, body.message, reason) };
}

/** @param {Action} action @param {string} message @param {string} reason */
function explainRefusal(action, message, reason) {
  if (message === MESSAGES.unauthorised)
    return action === "refresh" ? `${message}: no new tokens either` : `${message}: the session is over`;
  return message === MESSAGES.theft || reason === "" ? message : `${message}: ${reason}`;
}

/**
 * A refresh that another tab of this browser has made.
 * @param {number} before
 * @param {number} after
 * @returns {LogEntry}
 */
export function describeShared(before, after) {
  return { call: CALLS.refresh, status: 0, kind: "good", text: `by another tab: ${describeRotation(before, after)}` };
}

function describeSuccess(action, body, before, after) {
  if (action === "me") return `you are ${body.user}`;
  if (action === "like") return `liked, ${body.likes === 1 ? "once" : `${body.likes} times`} in this session`;
  return describeRotation(before, after);
}

function describeRotation(before, after) {
  if (before === undefined) return `generation ${after}`;
  if (after === before) return `a new access token; generation stays ${after}`;
  return `generation ${before} → ${after}`;
}
