/** Both refresh at once, and again, as their timers would make them do within half a minute. */

// The clocks of the page and of the server are the same; a timer may be early by a little.
const RESERVE = 300;
const MOST_ROUNDS = 3;

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/**
 * @param {object} race
 * @param {import("./calls.js").Side} race.you
 * @param {import("./calls.js").Side} race.thief
 * @param {{ youRefreshed: boolean, thiefRefreshed: boolean, mintedAt: number }} race.plot
 * @param {{ window: number, settle: number }} race.times
 * @param {() => boolean} race.isOn whether both still have the session
 */
export async function race({ you, thief, plot, times, isOn }) {
  for (let round = 0; round < MOST_ROUNDS && isOn(); round += 1) {
    // A token that has not settled would bring only a new access token.
    await sleep(plot.mintedAt + times.settle + RESERVE - Date.now());
    const isLast = plot.youRefreshed && plot.thiefRefreshed;
    if (isOn()) await you.call("refresh");
    // Within the window, what the thief sends would be taken for a retry of yours.
    if (isLast) await sleep(times.window + RESERVE);
    if (isOn()) await thief.call("refresh");
  }
}
