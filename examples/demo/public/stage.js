/** The strip at the top: what is happening, in one sentence; and the alarm. */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {{ window: number, settle: number, accessValidity: number }} times */
export function createStage({ window, settle, accessValidity }) {
  const s = (/** @type {number} */ ms) => `${ms / 1000} s`;
  fillCells(byId("times"), [
    ["An access token lives", s(accessValidity), "15 minutes by default"],
    ["A retry is forgiven for", s(window), "10 seconds by default"],
    ["A new refresh token settles in", s(settle), "30 seconds by default"],
    ["An ended session is over", "at once", "this demo asks the store each time"],
  ]);
  // The alarm's place is kept from the start, so that nothing moves when it rings.
  fillCells(
    byId("evidence"),
    Array.from({ length: 4 }, () => ["\u00a0", "\u00a0", "\u00a0"]),
  );

  return {
    /** @param {{ step: number, sentence: string }} phase */
    tell({ step, sentence }) {
      if (byId("sentence").textContent !== sentence) byId("sentence").textContent = sentence;
      for (const [index, item] of [...byId("steps").children].entries()) {
        item.classList.toggle("done", index < step);
        if (index === step) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      }
    },

    /** @param {any} event `reuse-detected` */
    ring(event) {
      fillCells(byId("evidence"), describeEvidence(event));
      show(true);
      byId("alert").textContent = "Alarm: theft detected. Two parties hold tokens of one session. It has been ended.";
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      byId("stage").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
    },

    silence() {
      show(false);
      byId("alert").textContent = "";
    },
  };
}

/** @param {boolean} alarm */
function show(alarm) {
  byId("calm").hidden = alarm;
  byId("alarm").hidden = !alarm;
  byId("stage").classList.toggle("rings", alarm);
  document.title = alarm ? "Theft detected · Counterfoil demo" : "Counterfoil demo";
  byId("stage-title").textContent = alarm ? "Alarm" : "What is happening";
}

/** @param {any} event @returns {string[][]} */
function describeEvidence(event) {
  const { presentedGeneration, sinceConfirmation, sinceChildSeen } = event;
  return [
    ["Presented", `generation ${presentedGeneration}`, nameDevice(event.presentingDevice)],
    [
      ...describeCurrent(event),
      sinceConfirmation === null ? "the first of the session" : `took over ${ago(sinceConfirmation)} before`,
    ],
    ["Its successor", sinceChildSeen === null ? "not used yet" : `in use for ${ago(sinceChildSeen)}`, ""],
    ["Last good refresh", ...splitDevice(event.lastDevice)],
  ];
}

/**
 * Two successors of one token have the same generation; and the token in force itself counts as
 * reused when a successor has long been in use.
 */
function describeCurrent({ presented, presentedGeneration, currentGeneration }) {
  if (presented === "current") return ["In force", "that very token"];
  const another = presentedGeneration === currentGeneration ? "another of " : "";
  return ["In force instead", `${another}generation ${currentGeneration}`];
}

const ago = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(1)} s`;
const nameDevice = ({ userAgent = "unknown device", ip = "" }) => `${userAgent}, ${ip}`;
const splitDevice = ({ userAgent = "unknown device", ip = "" }) => [userAgent, ip];

/** @param {HTMLElement} list @param {readonly (readonly string[])[]} cells */
function fillCells(list, cells) {
  list.replaceChildren(
    ...cells.map(([term, value, note]) => {
      const cell = document.createElement("div");
      for (const [tag, text] of [
        ["dt", term],
        ["dd", value],
        ["dd", note],
      ]) {
        const element = document.createElement(tag ?? "dd");
        element.textContent = text ?? "";
        cell.append(element);
      }
      return cell;
    }),
  );
}
