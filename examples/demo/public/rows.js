const MOST_ROWS = 60;

/**
 * Puts a line at the top of a log, the newest first, so that nobody has to scroll.
 *
 * @param {HTMLElement} log
 * @param {string} kind class of the line
 * @param {Date} time
 * @param {readonly (string | number)[]} parts
 */
export function prependRow(log, kind, time, parts) {
  const list = /** @type {HTMLElement} */ (log.querySelector("ol"));
  const row = document.createElement("li");
  row.className = kind;
  const clock = document.createElement("time");
  clock.dateTime = time.toISOString();
  clock.textContent = time.toLocaleTimeString("en-GB");
  row.append(clock);
  for (const part of parts) {
    const span = document.createElement("span");
    span.textContent = String(part);
    row.append(" ", span);
  }
  list.prepend(row);
  while (list.children.length > MOST_ROWS) list.lastElementChild?.remove();
}
