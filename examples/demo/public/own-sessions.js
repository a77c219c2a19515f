/**
 * The sessions that this browser has had, so that their events can be told from those of another
 * browser. Handles are no secrets.
 */

const KEY = "counterfoil-demo-sessions";
const MOST_HANDLES = 50;

export function createOwnSessions() {
  const handles = new Set(load());
  return {
    /** @param {string} handle */
    add(handle) {
      for (const known of load()) handles.add(known);
      handles.add(handle);
      save([...handles].slice(-MOST_HANDLES));
    },
    /** @param {readonly string[]} some */
    include: (some) => some.some((handle) => handles.has(handle)),
  };
}

/** @returns {string[]} */
function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {readonly string[]} handles */
function save(handles) {
  try {
    localStorage.setItem(KEY, JSON.stringify(handles));
  } catch {
    // The browser stores nothing: then only this page knows.
  }
}
