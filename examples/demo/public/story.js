/** Which part of the story this is, from what has happened, and what is to be done next. */

/**
 * @typedef {object} Plot
 * @property {boolean} live whether you have a session
 * @property {string} name under which you sign in next
 * @property {number} generation
 * @property {"" | "live" | "over"} thief
 * @property {boolean} youRefreshed whether a new refresh token has come since the theft
 * @property {boolean} thiefRefreshed
 * @property {boolean} racing whether both refresh without waiting for their timers
 * @property {boolean} alarm
 * @property {string} ending why your session is over, as the server tells it
 * @property {string} trouble why the last act did not work
 * @property {number | undefined} wait ms until somebody refreshes without being asked to
 *
 * @typedef {"sign-in" | "refresh" | "steal" | "race"} Act
 *
 * @typedef {object} Phase
 * @property {number} step
 * @property {string} sentence
 * @property {{ act: Act, label: string, hint: string }} next
 */

const ENDED = {
  revoked: "Your session was ended from another device. Each request asks the store here, so it was over at once.",
  "sign-out": "You signed out. The session is gone, and every copy of its tokens is worthless.",
};

/** @param {Plot} plot @param {{ accessValidity: number, settle: number }} times @returns {Phase} */
export function tellPhase(plot, times) {
  const phase = plot.live && !plot.alarm ? tellLive(plot, times) : tellAway(plot);
  return plot.trouble === "" ? phase : { ...phase, next: { ...phase.next, hint: plot.trouble } };
}

/** @param {Plot} plot @returns {Phase} */
function tellAway({ name, alarm, ending }) {
  if (alarm) return { step: 4, sentence: "", next: signIn(`Sign in again as ${name}`, "A new session, a new story.") };
  if (ending !== "") {
    const sentence = ENDED[ending] ?? "Your session is over.";
    return { step: 0, sentence, next: signIn(`Sign in again as ${name}`, "A new session, a new story.") };
  }
  return {
    step: 0,
    sentence:
      "Sign in, and become the victim of a theft. You hold a session, a thief gets a copy of it, and the server finds the copy.",
    next: signIn(`Sign in as ${name}`, "One click, no password."),
  };
}

/** @returns {Phase["next"]} */
const signIn = (/** @type {string} */ label, /** @type {string} */ hint) => ({ act: "sign-in", label, hint });

/** @param {Plot} plot @param {{ accessValidity: number, settle: number }} times @returns {Phase} */
function tellLive(plot, { accessValidity, settle }) {
  const { generation, thief, youRefreshed, thiefRefreshed, wait } = plot;
  if (thief === "live") {
    const next = /** @type {Phase["next"]} */ ({
      act: "race",
      label: youRefreshed && thiefRefreshed ? "Let both refresh again" : "Let both refresh",
      hint: plot.racing
        ? `Watch both. New tokens settle for ${settle / 1000} s.`
        : tellWait(wait, "they do by themselves"),
    });
    return { ...tellRace(plot), next };
  }
  if (generation === 1) {
    return {
      step: 1,
      sentence: `You hold an access token for ${accessValidity / 1000}\u00a0s, and a refresh token. Just before the first runs out, the page trades the second for a new pair.`,
      next: { act: "refresh", label: "Refresh now", hint: tellWait(wait, "the page does by itself") },
    };
  }
  return {
    step: 2,
    sentence:
      "The refresh token has been replaced, and the old one is of no use once the new one has settled. That is what gives a copy away. Let somebody make one.",
    next: { act: "steal", label: "Steal this session", hint: "Malware copies your cookies. You notice nothing." },
  };
}

/** @param {Plot} plot */
function tellRace({ youRefreshed, thiefRefreshed }) {
  if (youRefreshed && thiefRefreshed) {
    return {
      step: 3,
      sentence:
        "Both of you have refreshed, so two successors of one token are out. Only one can take over. When the other comes back, the alarm rings.",
    };
  }
  if (youRefreshed || thiefRefreshed) {
    const [first, second] = youRefreshed ? ["You have", "the thief has"] : ["The thief has", "you have"];
    return {
      step: 3,
      sentence: `${first} refreshed, ${second} not yet. A browser that lost a response on a train would look the same, so the server keeps watching.`,
    };
  }
  return {
    step: 3,
    sentence:
      "The thief holds a copy of your cookies, as good as the original. Until both of you refresh, nothing tells the two of you apart.",
  };
}

/** @param {number | undefined} wait @param {string} what */
function tellWait(wait, what) {
  if (wait === undefined) return "Nobody does by itself: it is switched off.";
  return `Or wait: in ${Math.max(1, Math.ceil(wait / 1000))} s ${what}.`;
}
