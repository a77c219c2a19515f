/**
 * Only a demo needs this: it shows what goes over the wire, also what the client sends by itself.
 */
import { ACTIONS, NO_ANSWER, reasonIn } from "./calls.js";
import { HEADERS, parseMarker } from "./counterfoil/protocol.js";

const NAMES = new Map(Object.entries(ACTIONS).map(([name, { path }]) => [path, name]));

/**
 * Looks at the page's requests on their way; begins before the client is made.
 *
 * @param {(action: import("./calls.js").Action, answer: import("./calls.js").Answer, before: number
 * | undefined) => void} onAnswer
 * @param {() => number | undefined} readGeneration
 */
export function watchWire(onAnswer, readGeneration) {
  const send = globalThis.fetch;
  let refreshes = 0;
  /** @type {string | null} */
  let latest = null;
  let telling = Promise.resolve();

  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input), location.href);
    const action = /** @type {import("./calls.js").Action | undefined} */ (NAMES.get(pathname));
    if (action === undefined) return send(input, init);
    const before = readGeneration();
    const own = Number(action === "refresh");
    refreshes += own;
    try {
      const response = await send(input, init);
      latest = response.headers.get(HEADERS.session) ?? latest;
      const copy = response.clone();
      // In the order in which the answers came, however late their bodies are.
      telling = telling.then(() => tell(action, copy, before));
      return response;
    } catch (error) {
      onAnswer(action, { ...NO_ANSWER, after: before }, before);
      throw error;
    } finally {
      refreshes -= own;
    }
  };

  async function tell(action, response, before) {
    const { status, headers } = response;
    const body = await response.json().catch(() => ({ message: "an answer that is no JSON" }));
    const after = parseMarker(headers.get(HEADERS.session) ?? "")?.generation;
    onAnswer(action, { status, body, reason: reasonIn(headers.get("www-authenticate")), after }, before);
  }

  return {
    /**
     * Whether a request of this very tab has brought these tokens, or is about to.
     * @param {string} marker
     */
    isOwn: (marker) => refreshes > 0 || marker === latest,
  };
}
