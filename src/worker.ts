/**
 * The session of a page in its workers: the page keeps the session, the worker asks the page.
 *
 * @module
 */
export { serveWorker } from "./lib/browser/worker/worker-page-side.ts";
export { connectToPage, type PageConnection } from "./lib/browser/worker/worker-side.ts";
export type { WorkerPort } from "./lib/browser/worker/worker-port.ts";
