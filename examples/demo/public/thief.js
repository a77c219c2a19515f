/** The thief: tokens of your session, and a small client of its own, since it has no browser. */
import { createAgent } from "./agent.js";
import { describe, timeLeft } from "./calls.js";

// It waits longer than you do, so that the two can be told apart on the screen.
const LEAD = 500;
const MOST_RETRIES = 5;
const REST = 1000;

/**
 * @param {object} options
 * @param {string} options.agent who plays it
 * @param {{ user: string, bound: string, marker: import("./calls.js").Marker }} options.copy what
 * it has got
 * @param {(entry: import("./calls.js").LogEntry) => void} options.onLog
 * @param {() => void} options.onRotation when a new refresh token has come
 */
export function createThief({ agent: id, copy, onLog, onRotation }) {
  const agent = createAgent(id);
  const state = {
    live: true,
    auto: true,
    ...copy,
    /** @type {Date | undefined} */
    refreshedAt: undefined,
  };
  /** @type {Promise<void> | undefined} */
  let refreshing;
  let restUntil = 0;

  /** @param {import("./calls.js").Action} action */
  async function send(action) {
    const before = state.marker.generation;
    const answer = await agent.send(action);
    state.marker = answer.marker ?? state.marker;
    const after = state.marker.generation;
    if (answer.status === 200 && action === "refresh") state.refreshedAt = new Date();
    onLog(describe(action, { ...answer, after }, before));
    if (before !== after) onRotation();
    return answer;
  }

  async function refreshWithRetries() {
    for (let turn = 0; turn < MOST_RETRIES; turn += 1) {
      const { status, retryAfter } = await send("refresh");
      if (status === 401) state.live = false;
      if (status === 200 || status === 401) return;
      const rest = retryAfter || REST;
      restUntil = performance.now() + rest;
      // 409: another request rotated this token a moment ago. Nothing is lost, so it waits as it
      // was told to.
      if (status !== 409) return;
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }

  const refresh = () => (refreshing ??= refreshWithRetries().finally(() => (refreshing = undefined)));

  /**
   * Sends, and again after a refresh that was needed.
   * @param {import("./calls.js").Action} action
   */
  async function call(action) {
    if (action === "refresh") return refresh();
    await refreshing;
    const { status } = await send(action);
    if (status !== 401 || !state.live) return;
    // Of a session that is gone, the refresh route says the same.
    await refresh();
    if (state.live) await send(action);
  }

  return {
    state,
    call,
    /** Finds out whether the session is still there. */
    async check() {
      await refreshing;
      if (state.live) await call("me");
    },
    /** How long until it refreshes by itself, in ms; undefined: it does not. */
    wait: () => (state.live && state.auto ? Math.max(0, timeLeft(state.marker) - LEAD) : undefined),
    /** Called several times a second. */
    tick() {
      if (state.live && state.auto && timeLeft(state.marker) <= LEAD && performance.now() >= restUntil) void refresh();
    },
  };
}
