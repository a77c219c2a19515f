/**
 * `XMLHttpRequest` with a session, for uploads with progress and for libraries that use it.
 *
 * @module
 */
export { interceptXhr } from "./lib/browser/xhr/xhr-intercept.ts";
export { createSessionXhr, type SessionXhr, type SessionXhrClass } from "./lib/browser/xhr/xhr-session.ts";
