/** What each side's ticket says when its session is over. The end looks different to the two. */

const NOBODY = { title: "No session yet", text: "When you sign in, your tokens stand here." };

const TOLD = { title: "401 token theft detected" };
const UNTOLD = { title: "401 unauthorised" };

const BY_THIEF = {
  you: {
    ...UNTOLD,
    text: "What you see: the session is over, and no reason. The app's server knows of the theft, and can write to you.",
  },
  thief: {
    ...TOLD,
    text: "What the thief sees: it came with the replaced token, so it is the one who is told. Its copy is worth nothing now.",
  },
};

const BY_YOU = {
  you: {
    ...TOLD,
    text: "What you see: you came with the replaced token, so your page is told, and can warn you at once.",
  },
  thief: {
    ...UNTOLD,
    text: "What the thief sees: the session is over, and no reason. Its copy is worth nothing now.",
  },
};

const OVER = {
  you: { title: "Your session is over", text: "Its tokens are refused from now on." },
  thief: { title: "The session is over", text: "The copy of its cookies is worth nothing now." },
};

/**
 * @param {boolean} had whether you have had a session in this page
 * @param {"" | "thief" | "you"} ringer who came with the replaced token
 */
export function tellSides(had, ringer) {
  if (ringer !== "") return ringer === "thief" ? BY_THIEF : BY_YOU;
  return had ? OVER : { ...OVER, you: NOBODY };
}
