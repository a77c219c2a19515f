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
 * @param {(handles: readonly string[]) => boolean} isOwn whether one of these sessions is, or was,
 * this browser's
 * @param {(event: ServerEvent) => void} onEvent
 */
export function createTimeline(log, times, isOwn, onEvent) {
  /** @type {EventSource | undefined} */
  let source;

  return {
    /** Listens as the user who is signed in now; the server repeats what it still knows. */
    open() {
      source?.close();
      log.querySelector("ol")?.replaceChildren();
      source = new EventSource("/demo/events");
      source.addEventListener("message", ({ data }) => {
        /** @type {ServerEvent} */
        const event = JSON.parse(data);
        const { kind, title, text } = explain(event, isOwn(event.handles), times.settle / 1000);
        prependRow(log, kind, new Date(event.at), [title, text]);
        onEvent(event);
      });
    },
    /**
     * Listens again if the server has hung up, as it does when an access token has expired
     * meanwhile.
     */
    keepOpen() {
      if (source?.readyState === EventSource.CLOSED) this.open();
    },
  };
}

const ENDINGS = {
  revoked: "It was ended from another device. Its tokens are refused from now on.",
  "sign-out": "The user signed out. Every copy of its tokens is worthless now.",
  "signed-in-again": "The same browser signed in again.",
  reuse: "Ended together with the alarm, in one step, for everybody who holds its tokens.",
  limit: "The user had too many sessions.",
  expired: "It had not been used for too long.",
};

/** @param {ServerEvent} event @param {boolean} own @param {number} settle seconds */
function explain(event, own, settle) {
  const { name, by, generation, outcome } = event;
  const { kind, who } = describeActor(by, own);
  // Red is for what concerns this page's session.
  const loud = (/** @type {string} */ red) => (own ? red : "by-other");
  switch (name) {
    case "session-created":
      return { kind, title: `${who}: sign-in`, text: "A session begins, with a refresh token of generation 1." };
    case "session-refreshed":
      return { kind, ...explainRefresh(who, outcome, generation, settle) };
    case "session-revoked":
      return {
        kind: loud("over"),
        title: `Session ${event.handles[0]?.slice(0, 8)}… is over`,
        text: ENDINGS[event.reason],
      };
    case "reuse-detected":
      return {
        kind: loud("rings"),
        title: `${who}: reuse`,
        text:
          event.presented === "current"
            ? "A refresh token came back whose successor had long been in use."
            : "A refresh token that had been superseded came back.",
      };
    default:
      return { kind: "over", title: name, text: "" };
  }
}

/** @param {string} by @param {boolean} own */
function describeActor(by, own) {
  const isDevice = by !== "thief" && by !== "browser";
  if (isDevice) return { kind: "by-other", who: by };
  if (!own) return { kind: "by-other", who: "Another browser" };
  return by === "thief" ? { kind: "by-thief", who: "Thief" } : { kind: "by-browser", who: "You" };
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
