/** Which part of the story this is, from what has happened. */

/**
 * @typedef {object} Plot
 * @property {boolean} live whether you have a session
 * @property {number} generation
 * @property {"" | "live" | "over"} thief
 * @property {boolean} youRefreshed whether a new refresh token has come since the theft
 * @property {boolean} thiefRefreshed
 * @property {boolean} alarm
 * @property {string} ending why your session is over, as the server tells it
 */

const ENDED = {
  revoked: "Your session was ended from another device. Each request asks the store here, so it was over at once.",
  "sign-out": "You signed out. The session is gone, and every copy of its tokens is worthless.",
};

/** @param {Plot} plot @param {{ accessValidity: number }} times */
export function tellPhase(
  { live, generation, thief, youRefreshed, thiefRefreshed, alarm, ending },
  { accessValidity },
) {
  if (alarm) return { step: 4, sentence: "" };
  if (!live && ending !== "") return { step: 0, sentence: ENDED[ending] ?? "Your session is over. Sign in again." };
  if (!live) {
    return {
      step: 0,
      sentence: "Sign in under any name; there is no password. Counterfoil takes over where your own sign-in ends.",
    };
  }
  if (thief === "live" && youRefreshed && thiefRefreshed) {
    return {
      step: 3,
      sentence:
        "Both of you have refreshed, so two successors of one token are out. Only one can take over; when the other comes back, the alarm rings.",
    };
  }
  if (thief === "live" && (youRefreshed || thiefRefreshed)) {
    const [first, second] = youRefreshed ? ["You have", "the thief has"] : ["The thief has", "you have"];
    return {
      step: 3,
      sentence: `${first} refreshed, ${second} not yet. A browser that lost an answer on a train would look the same, so the server keeps watching.`,
    };
  }
  if (thief === "live") {
    return {
      step: 2,
      sentence:
        "The thief holds a copy of your cookies, as good as the original. Until one of you gets a new refresh token, nothing tells the two of you apart.",
    };
  }
  if (generation === 1) {
    return {
      step: 1,
      sentence: `You hold an access token, good for ${accessValidity / 1000}\u00a0s, and a refresh token. Just before the first runs out, the page trades the second for a new pair.`,
    };
  }
  return {
    step: 1,
    sentence:
      "A new refresh token comes with nearly every refresh. Once it is seen to have arrived, it takes over, and all before it are superseded. Open a second tab: the two share each refresh.",
  };
}
