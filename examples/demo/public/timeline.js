/** The library's events, in plain words. */
import { prependRow } from "./rows.js";

/**
 * @typedef {object} ServerEvent
 * @property {string} name
 * @property {number} at
 * @property {string} by "browser", "thief", or the name of another device
 * @property {readonly string[]} handles
 * @property {any} [outcome]
 * @property {any} [generation]
 * @property {any} [reason]
 * @property {any} [device]
 * @property {"superseded" | "current"} [presented]
 */

/**
 * @param {HTMLElement} log
 * @param {{ settle: number }} times
 * @param {object} listeners
 * @param {(event: ServerEvent) => void} listeners.onEvent
 * @param {() => void} listeners.onRow when a line has come into the log
 */
export function createTimeline(log, times, { onEvent, onRow }) {
  // The server repeats this browser's own story, and sends nobody else's.
  new EventSource("/demo/events").addEventListener("message", ({ data }) => {
    /** @type {ServerEvent} */
    const event = JSON.parse(data);
    if (event.name === "story-begins") {
      log.querySelector("ol")?.replaceChildren();
      return;
    }
    const { kind, title, text } = explain(event, times.settle / 1000);
    prependRow(log, kind, new Date(event.at), [title, text]);
    onRow();
    onEvent(event);
  });
}

const ENDINGS = {
  revoked: "It was ended from another device. Its tokens are refused from now on.",
  "sign-out": "The user signed out. Every copy of its tokens is worthless now.",
  "signed-in-again": "The same browser signed in again.",
  reuse: "Ended together with the alarm, in one step, for everybody who holds its tokens.",
  limit: "The user had too many sessions.",
  expired: "It had not been used for too long.",
};

/** @param {ServerEvent} event @param {number} settle seconds */
function explain(event, settle) {
  const { name, by, generation, outcome } = event;
  const { kind, who } = describeActor(by);
  switch (name) {
    case "session-created":
      return { kind, title: `${who}: sign-in`, text: "A session begins, with a refresh token of generation 1." };
    case "session-refreshed":
      return { kind, ...explainRefresh(who, outcome, generation, settle) };
    case "session-revoked":
      return { kind: "over", title: `Session ${event.handles[0]?.slice(0, 8)}… is over`, text: ENDINGS[event.reason] };
    case "reuse-detected":
      return {
        kind: "rings",
        title: `${who}: reuse`,
        text:
          event.presented === "current"
            ? "A refresh token came back whose successor had long been in use."
            : "A refresh token came back that had been replaced.",
      };
    default:
      return { kind: "over", title: name, text: "" };
  }
}

/** @param {string} by */
function describeActor(by) {
  if (by === "browser") return { kind: "by-browser", who: "You" };
  return by === "thief" ? { kind: "by-thief", who: "Thief" } : { kind: "by-other", who: by };
}

/** @param {string} who @param {string} outcome @param {number} generation @param {number} settle */
function explainRefresh(who, outcome, generation, settle) {
  switch (outcome) {
    case "mint":
      return {
        title: `${who}: mint, ${generation - 1} → ${generation}`,
        text: `Generation ${generation - 1}, the one in force, came in. Its successor went out, and both work until that one is seen.`,
      };
    case "confirm":
      return {
        title: `${who}: confirm, ${generation - 1} → ${generation}`,
        text: `Generation ${generation - 1} came back, so it has arrived and takes over. All others are superseded; its successor went out.`,
      };
    default:
      return {
        title: `${who}: renew, ${generation}`,
        text: `Generation ${generation} came back too early to take over (within ${settle} s). Only a new access token went out.`,
      };
  }
}
