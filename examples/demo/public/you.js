/** You: this very browser. The client keeps the session; here stands what the page shows of it. */
import { ACTIONS, describe, describeShared, NO_ANSWER, timeLeft } from "./calls.js";
import { createSessionClient } from "./counterfoil/browser.js";
import { COOKIES, HOST_PREFIX, parseMarker } from "./counterfoil/protocol.js";
import { watchWire } from "./wire.js";

// How long before its end the page refreshes the access token.
const LEAD = 2000;
const REST = 1000;

/**
 * @param {object} options
 * @param {(entry: import("./calls.js").LogEntry) => void} options.onLog
 * @param {() => void} options.onBegin when another session is there than before
 * @param {() => void} options.onRotation when a new refresh token has come, to this tab or another
 * @param {(reason: string | undefined) => void} options.onEnd
 */
export function createYou({ onLog, onBegin, onRotation, onEnd }) {
  const state = {
    live: false,
    auto: true,
    user: "",
    /** @type {string | number} */
    userId: "",
    /** What the session is bound to, as the list of sessions says. */
    bound: "–",
    /** @type {import("./calls.js").Marker | undefined} */
    marker: undefined,
    /** @type {Date | undefined} */
    refreshedAt: undefined,
  };
  const wire = watchWire(
    (...told) => onLog(describe(...told)),
    () => state.marker?.generation,
  );
  const client = createSessionClient();
  let isRefreshing = false;
  let restUntil = 0;
  client.subscribe(follow);

  /** The session has changed: by an answer to this tab, or since another tab has told. */
  function follow() {
    const session = client.session();
    const before = state.marker;
    state.live = session.status === "signed-in";
    if (session.status === "signed-out") onEnd(session.reason);
    if (session.status !== "signed-in") return;
    const text = readMarker();
    const marker = parseMarker(text);
    if (marker === undefined) return;
    Object.assign(state, {
      user: /** @type {{ name: string }} */ (session.claims).name,
      userId: session.userId,
      marker,
      // Tokens of the first generation came with the sign-in.
      refreshedAt: marker.generation > 1 ? new Date(marker.issuedAt) : undefined,
    });
    if (marker.handle !== before?.handle) {
      state.bound = "–";
      return onBegin();
    }
    if (!wire.isOwn(text)) onLog(describeShared(before.generation, marker.generation));
    if (marker.generation !== before.generation) onRotation();
  }

  async function refresh() {
    isRefreshing = true;
    // A page that refreshes ahead of time has to back off by itself after a failure.
    await client.refresh().catch((error) => (restUntil = performance.now() + (error.retryAfter ?? REST)));
    isRefreshing = false;
  }

  /**
   * @param {typeof client.fetch} send
   * @param {string} method
   * @param {string} path
   * @param {URLSearchParams} [body]
   */
  async function ask(send, method, path, body) {
    try {
      const answer = await send(path, { method, ...(body && { body }) });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return NO_ANSWER;
    }
  }

  const left = (marker = state.marker) => (marker === undefined ? 0 : timeLeft(marker));
  const isAlmostOver = () => left() <= LEAD && left(parseMarker(readMarker())) <= LEAD;
  const request = (/** @type {string} */ method, /** @type {string} */ path) => ask(client.fetch, method, path);

  /** @param {import("./calls.js").Action} action */
  async function call(action) {
    if (action === "refresh") await refresh();
    else await request(ACTIONS[action].method, ACTIONS[action].path);
  }

  return {
    state,
    call,
    request,
    /** @param {string} name */
    signIn: (name) => ask(client.signIn, "POST", "/login", new URLSearchParams({ name })),
    signOut: client.signOut,
    /** What the page has found when it was loaded. */
    async resume() {
      // The user is not known to this page, and the client asks already.
      if (client.session().status === "loading") await refresh();
      else if (client.session().status === "signed-in") {
        follow();
        onLog({ call: "page load", status: 0, kind: "good", text: `still ${state.user}; no call was needed` });
      }
    },
    /** Finds out whether the session is still there. */
    async check() {
      if (state.live) await call("me");
    },
    /**
     * Whether the page may ask for something by itself: with the switch off, it must not be what
     * makes the client refresh.
     */
    mayAsk: () => state.auto || left() > LEAD,
    /** How long until it refreshes by itself, in ms; undefined: it does not. */
    wait: () => (state.live && state.auto ? Math.max(0, left() - LEAD) : undefined),
    /**
     * Called several times a second. Another tab may have new tokens of which this one has not
     * heard yet.
     */
    tick() {
      const mayRefresh = state.live && state.auto && !isRefreshing && performance.now() >= restUntil;
      if (mayRefresh && isAlmostOver()) void refresh();
    },
  };
}

/**
 * The client says who you are and when the access token expires, but counts no generations for the
 * page: the readable cookie has them.
 */
function readMarker() {
  for (const name of [HOST_PREFIX + COOKIES.marker, COOKIES.marker]) {
    const pair = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
    if (pair !== undefined) return pair.slice(name.length + 1);
  }
  return "";
}
