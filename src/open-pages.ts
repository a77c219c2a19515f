/**
 * Open pages hear at once that their session has ended: one stream for all tabs of a browser.
 *
 * @module
 */
export { type WatchSessionOptions, watchSession } from "./lib/browser/open-pages/watch-session.ts";
