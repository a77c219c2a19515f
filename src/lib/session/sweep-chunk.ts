import type { SessionStore } from "./session-store.ts";

/**
 * How many rows one step of a sweep removes, so that it delays others by less than 25 ms. An
 * embedded store stalls its whole process while it writes row by row; a server delays only requests
 * for the same rows.
 */
export const sweepChunk = ({ readClock }: { readonly readClock?: SessionStore["readClock"] | undefined }): number =>
  readClock === undefined ? 50 : 200;
