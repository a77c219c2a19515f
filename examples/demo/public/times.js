/**
 * The times of this demo, beside those that an app has by default.
 *
 * @param {HTMLElement} list
 * @param {{ window: number, settle: number, accessValidity: number }} times
 */
export function showTimes(list, { window, settle, accessValidity }) {
  const s = (/** @type {number} */ ms) => `${ms / 1000} s`;
  const rows = [
    ["An access token lives", s(accessValidity), "by default 15 minutes"],
    ["A retry is forgiven for", s(window), "by default 10 s"],
    ["A new refresh token settles in", s(settle), "by default 30 s"],
    ["An ended session is over", "at once", "each request asks the store"],
  ];
  list.replaceChildren(
    ...rows.flatMap(([term = "", value = "", note = ""]) => [
      createElement("dt", term),
      createElement("dd", value),
      createElement("dd", note),
    ]),
  );
}

/** @param {string} tag @param {string} text */
function createElement(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
