/** One party that holds tokens of a session, and what it does with them. Both sides follow the same rules. */
import { MESSAGES } from "./counterfoil/protocol.js";

/**
 * @typedef {import("./transports.js").Action} Action
 * @typedef {import("./transports.js").Answer} Answer
 * @typedef {{ call: string, status: number, text: string, kind: "good" | "soft" | "bad" }} LogEntry
 */

const MOST_RETRIES = 5;
const CALLS = { me: "GET me", like: "POST like", refresh: "refresh" };

/**
 * @param {object} options
 * @param {import("./transports.js").Transport} options.transport
 * @param {number} options.lead how long before the end of its access token it refreshes, ms
 * @param {(entry: LogEntry) => void} options.onLog
 * @param {() => void} options.onRotation when a new refresh token has come
 */
export function createSide({ transport, lead, onLog, onRotation }) {
  const state = {
    live: false,
    auto: true,
    user: "",
    /** @type {import("counterfoil/protocol").SessionMarker | undefined} */
    marker: undefined,
    /** End of the access token on the clock of `performance.now()`, which nobody sets. */
    deadline: 0,
    /** @type {Date | undefined} */
    refreshedAt: undefined,
  };
  /** @type {Promise<void> | undefined} */
  let refreshing;
  let restUntil = 0;

  /** Takes over tokens that came in. The life of the access token is measured from now, unless it is known. */
  function adopt(marker, deadline = performance.now() + marker.accessExpires - marker.issuedAt) {
    if (marker.issuedAt === state.marker?.issuedAt && marker.generation === state.marker.generation) return;
    Object.assign(state, { live: true, marker, deadline });
  }

  /** @param {Action} action */
  async function send(action) {
    const before = state.marker?.generation;
    const answer = await transport.send(action);
    if (answer.marker !== undefined) adopt(answer.marker);
    if (answer.status === 200 && answer.body.user !== undefined) state.user = answer.body.user;
    if (answer.status === 200 && action === "refresh") state.refreshedAt = new Date();
    onLog(describe(action, answer, before));
    if (before !== undefined && before !== answer.marker?.generation && answer.status === 200) onRotation();
    return answer;
  }

  async function refreshWithRetries() {
    for (let turn = 0; turn < MOST_RETRIES; turn += 1) {
      const { status, retryAfter } = await send("refresh");
      if (status === 401) state.live = false;
      if (status === 200 || status === 401) return;
      restUntil = performance.now() + retryAfter;
      // 409: another request rotated this token a moment ago. Nothing is lost, so it waits as it was told to.
      if (status !== 409) return;
      await new Promise((resolve) => setTimeout(resolve, retryAfter));
    }
  }

  const refresh = () => (refreshing ??= refreshWithRetries().finally(() => (refreshing = undefined)));

  /**
   * Sends, and again after a refresh if the access token was refused.
   *
   * @param {() => Promise<Answer>} request
   */
  async function withRefresh(request) {
    await refreshing;
    const answer = await request();
    if (answer.status !== 401 || !state.live) return answer;
    const worthwhile = answer.body.message === MESSAGES.tryRefreshToken && state.auto;
    // A session that is gone: the refresh route says the same, and clears the cookies.
    if (worthwhile || answer.body.message === MESSAGES.unauthorised) await refresh();
    return worthwhile && state.live ? request() : answer;
  }

  return {
    state,
    adopt,
    refresh,
    withRefresh,
    /** @param {Action} action */
    call: (action) => (action === "refresh" ? refresh() : withRefresh(() => send(action))),
    /** Finds out whether the session is still there. */
    async check() {
      await refreshing;
      if (state.live) await withRefresh(() => send("me"));
    },
    left: () => Math.max(0, state.deadline - performance.now()),
    /** Called several times a second. */
    tick() {
      const marker = transport.peek?.();
      if (marker !== undefined && state.live) adopt(marker);
      const now = performance.now();
      if (state.live && state.auto && now >= restUntil && state.deadline - now <= lead) void refresh();
    },
  };
}

/** @param {Action} action @param {Answer} answer @param {number | undefined} before @returns {LogEntry} */
function describe(action, { status, body, reason, marker }, before) {
  const call = CALLS[action];
  const kind = status === 200 ? "good" : status === 409 || body.message === MESSAGES.tryRefreshToken ? "soft" : "bad";
  if (kind !== "good") {
    const told = body.message === MESSAGES.theft || reason === "" ? body.message : `${body.message}: ${reason}`;
    return { call, status, kind, text: told };
  }
  return { call, status, kind, text: describeSuccess(action, body, marker?.generation, before) };
}

function describeSuccess(action, body, after, before) {
  if (action === "me") return `you are ${body.user}`;
  if (action === "like") return `liked, ${body.likes === 1 ? "once" : `${body.likes} times`} in this session`;
  if (before === undefined) return `generation ${after}`;
  if (after === before) return `a new access token; generation stays ${after}`;
  return `generation ${before} → ${after}`;
}
