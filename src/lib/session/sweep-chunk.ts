import type { SessionStore } from "./session-store.ts";

/**
 * How many rows one step of a sweep removes, so that it holds up nobody for longer than 25 ms. An
 * embedded store stalls its whole process while it writes one row after another to the disk; a
 * server stalls only who wants the same rows.
 */
export const sweepChunk = ({ readClock }: { readonly readClock?: SessionStore["readClock"] | undefined }): number =>
  readClock === undefined ? 50 : 200;
