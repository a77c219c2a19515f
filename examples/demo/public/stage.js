/** The strip at the top: what is happening, what to do next, and the alarm. */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {(act: import("./story.js").Act) => Promise<void>} onNext */
export function createStage(onNext) {
  const button = byId("next");
  let isBusy = false;

  button.addEventListener("click", async ({ detail }) => {
    // The second half of a double click would meet the next step.
    if (isBusy || detail > 1) return;
    isBusy = true;
    setBusy(true);
    await onNext(/** @type {import("./story.js").Act} */ (button.dataset.act));
    isBusy = false;
    setBusy(false);
  });
  // Nor is a key that is held down more than one step.
  button.addEventListener("keydown", (event) => {
    if (event.repeat) event.preventDefault();
  });

  // A disabled button would lose the focus of the keyboard.
  const setBusy = (/** @type {boolean} */ busy) => button.setAttribute("aria-disabled", String(busy));

  return {
    /** @param {import("./story.js").Phase} phase */
    tell({ step, sentence, next }) {
      setText("sentence", sentence);
      setText("hint", next.hint);
      // While an act is on its way, its button keeps its name.
      if (!isBusy) {
        setText("next", next.label);
        button.dataset.act = next.act;
      }
      for (const [index, item] of [...byId("steps").children].entries()) {
        item.classList.toggle("done", index < step);
        if (index === step) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      }
    },

    /** @param {any} event `reuse-detected` */
    ring(event) {
      setText("happened", describeReuse(event));
      show(true);
      byId("alert").textContent = "Alarm: theft detected. Two browsers hold tokens of one session. It has been ended.";
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      byId("stage").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
    },

    silence() {
      show(false);
      byId("alert").textContent = "";
    },
  };
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {boolean} alarm */
function show(alarm) {
  byId("calm").hidden = alarm;
  byId("alarm").hidden = !alarm;
  byId("stage").classList.toggle("rings", alarm);
  document.body.classList.toggle("alarmed", alarm);
  document.title = alarm ? "Theft detected · Counterfoil demo" : "Counterfoil demo";
  byId("stage-title").textContent = alarm ? "Alarm" : "What is happening";
}

/** @param {any} event */
function describeReuse({ presented, presentedGeneration, sinceConfirmation, sinceChildSeen, ...devices }) {
  const came = `${nameDevice(devices.presentingDevice)} came with a refresh token of generation ${presentedGeneration}.`;
  const fact =
    presented === "current"
      ? `Its successor has been in use for ${toSeconds(sinceChildSeen)}`
      : `It had been replaced ${toSeconds(sinceConfirmation)} before`;
  return `${came} ${fact}, and ${nameDevice(devices.lastDevice)} was the last to refresh. An honest browser never does that.`;
}

const toSeconds = (/** @type {number | null} */ ms) => (ms === null ? "some time" : `${(ms / 1000).toFixed(1)} s`);
const nameDevice = ({ userAgent = "An unknown device", ip = "" }) => (ip === "" ? userAgent : `${userAgent} (${ip})`);
