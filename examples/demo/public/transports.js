/** The two ways in which a side reaches the server: this very browser, and the agent that the server plays. */
import { COOKIES, HEADERS, parseMarker } from "./counterfoil/protocol.js";

/**
 * @typedef {object} Answer
 * @property {number} status 0: none came
 * @property {any} body
 * @property {string} reason why a request was refused, as `WWW-Authenticate` tells it
 * @property {number} retryAfter ms
 * @property {import("counterfoil/protocol").SessionMarker | undefined} marker what the side's readable cookie says after the answer
 *
 * @typedef {object} Transport
 * @property {(action: Action) => Promise<Answer>} send
 * @property {() => import("counterfoil/protocol").SessionMarker | undefined} [peek] the marker as it is now, where it can change by itself
 *
 * @typedef {"me" | "like" | "refresh"} Action
 */

export const ACTIONS = {
  me: { method: "GET", path: "/api/me" },
  like: { method: "POST", path: "/api/like" },
  refresh: { method: "POST", path: "/session/refresh" },
};

const NO_ANSWER = { status: 0, body: { message: "no answer from the server" }, reason: "", retryAfter: 1000 };

/** This browser. The tokens are in HttpOnly cookies, which it sends and stores by itself. */
export function createBrowserTransport() {
  // Not in a cookie, so that no page of another site can make the browser send it. After a reload a refresh brings it back.
  let antiCsrf = "";
  const peek = () => readMarker();

  /**
   * @param {string} method
   * @param {string} path
   * @param {URLSearchParams} [body]
   * @returns {Promise<Answer>}
   */
  async function request(method, path, body) {
    try {
      const headers = method === "GET" || antiCsrf === "" ? {} : { [HEADERS.antiCsrf]: antiCsrf };
      const response = await fetch(path, { method, headers, ...(body && { body }) });
      antiCsrf = response.headers.get(HEADERS.antiCsrf) ?? antiCsrf;
      return {
        status: response.status,
        body: await response.json(),
        reason: reasonIn(response.headers.get("www-authenticate")),
        retryAfter: toMs(response.headers.get("retry-after")),
        marker: peek(),
      };
    } catch {
      return { ...NO_ANSWER, marker: peek() };
    }
  }

  return {
    request,
    peek,
    /** @param {Action} action */
    send: (action) => request(ACTIONS[action].method, ACTIONS[action].path),
  };
}

/** A browser on another machine, played by the server. @param {string} id @returns {Transport} */
export function createAgentTransport(id) {
  let marker;
  return {
    async send(action) {
      try {
        const response = await fetch(`/demo/agents/${id}/${action}`, { method: "POST" });
        if (!response.ok) return { ...NO_ANSWER, marker };
        const { status, body, challenge, retryAfter, marker: text } = await response.json();
        marker = parseMarker(text ?? "");
        return { status, body, reason: reasonIn(challenge), retryAfter: toMs(retryAfter), marker };
      } catch {
        return { ...NO_ANSWER, marker };
      }
    },
  };
}

function readMarker() {
  const pair = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${COOKIES.marker}=`));
  return pair === undefined ? undefined : parseMarker(pair.slice(COOKIES.marker.length + 1));
}

const reasonIn = (/** @type {string | null} */ challenge) =>
  /error_description="([^"]*)"/.exec(challenge ?? "")?.[1] ?? "";

const toMs = (/** @type {string | null} */ retryAfter) => (Number(retryAfter) || 1) * 1000;
