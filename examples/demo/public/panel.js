/** A side on the screen: its ticket, its buttons and its log. */
import { timeLeft } from "./calls.js";
import { prependRow } from "./rows.js";

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {HTMLElement} root
 * @param {object} texts
 * @param {string} texts.title
 * @param {string} texts.empty what stands in the log before anything has happened
 * @param {object} options
 * @param {number} options.accessValidity ms
 * @param {() => void} options.onRow when a line has come into the log
 */
export function createPanel(root, { title, empty }, { accessValidity, onRow }) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("#panel"));
  root.replaceChildren(template.content.cloneNode(true));
  /** @returns {any} */
  const field = (/** @type {string} */ name) => root.querySelector(`[data-field="${name}"]`);
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = root.querySelectorAll("button[data-action]");
  field("title").textContent = title;
  field("title").id = `${root.id}-title`;
  field("log").setAttribute("aria-label", `What ${title.toLowerCase()} got`);
  field("log").querySelector(".empty").textContent = empty;

  /** @type {import("./calls.js").Side | undefined} */
  let side;
  for (const button of buttons) {
    button.addEventListener(
      "click",
      () => void side?.call(/** @type {import("./calls.js").Action} */ (button.dataset.action)),
    );
  }
  field("auto").addEventListener("change", () => {
    if (side !== undefined) side.state.auto = field("auto").checked;
  });

  return {
    head: /** @type {HTMLElement} */ (root.querySelector(".panel-head")),
    /** What stands in the place of the buttons while the side has no session. */
    instead: /** @type {HTMLElement} */ (field("instead")),

    /**
     * What the ticket says while the side has no session.
     * @param {{ title: string, text: string }} words
     */
    explain(words) {
      set(field("away-title"), words.title);
      set(field("away-text"), words.text);
    },

    /** @param {import("./calls.js").Side} next */
    show(next) {
      side = next;
      side.state.auto = field("auto").checked;
    },

    /** @param {import("./calls.js").LogEntry} entry */
    log: ({ kind, call, status, text }) => {
      prependRow(field("log"), kind, new Date(), [call, status || "–", text]);
      onRow();
    },

    clearLog() {
      field("log").querySelector("ol").replaceChildren();
    },

    /** Called several times a second; writes only what has changed. */
    update() {
      if (side === undefined) return;
      const { live, marker, user, bound, refreshedAt } = side.state;
      root.dataset.state = live ? "live" : marker === undefined ? "none" : "over";
      for (const name of ["facts", "actions"]) field(name).hidden = !live;
      for (const name of ["away", "instead"]) field(name).hidden = live;
      set(field("status"), live ? "has a session" : "no session");
      if (marker === undefined) return;

      const left = timeLeft(marker);
      set(field("generation"), String(marker.generation), true);
      set(field("user"), user);
      set(field("handle"), `${marker.handle.slice(0, 8)}…`);
      set(field("bound"), bound);
      set(field("refreshed"), refreshedAt?.toLocaleTimeString("en-GB") ?? "not yet");
      set(field("left"), !live ? "" : left > 0 ? `${Math.ceil(left / 1000)} s left` : "expired");
      field("life").style.transform = `scaleX(${live ? Math.min(1, left / accessValidity) : 0})`;
    },
  };
}

/** @param {HTMLElement} element @param {string} text */
function set(element, text, flash = false) {
  if (element.textContent === text) return;
  element.textContent = text;
  if (flash && !stillness.matches)
    element.animate([{ opacity: 0.2 }, { opacity: 1 }], { duration: 600, easing: "ease-out" });
}
