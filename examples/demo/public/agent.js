/** A browser on another machine, which the server plays. */
import { NO_ANSWER, reasonIn } from "./calls.js";
import { parseMarker } from "./counterfoil/protocol.js";

/** @param {string} id */
export function createAgent(id) {
  return {
    /** @param {import("./calls.js").Action} action */
    async send(action) {
      try {
        const response = await fetch(`/demo/agents/${id}/${action}`, { method: "POST" });
        if (!response.ok) return { ...NO_ANSWER, retryAfter: 0, marker: undefined };
        const { status, body, challenge, retryAfter, marker } = await response.json();
        return {
          status,
          body,
          reason: reasonIn(challenge),
          /** In ms; 0: it does not say. */
          retryAfter: Number(retryAfter) * 1000,
          /** What its readable cookie says after the answer. */
          marker: parseMarker(marker ?? ""),
        };
      } catch {
        return { ...NO_ANSWER, retryAfter: 0, marker: undefined };
      }
    },
  };
}
