import { cutText } from "../cut-text.ts";

/**
 * Warns of an error in a function of the app that listens. It must be visible, but must not fail
 * the operation that the app listens to.
 *
 * @param listener names the function, as in `a listener of "session-created"`
 */
export function reportListener(listener: string, error: unknown): void {
  process.emitWarning(`${listener} failed: ${describeError(error)}`, { code: "COUNTERFOIL_LISTENER" });
}

function describeError(error: unknown): string {
  try {
    return cutText(String(error instanceof Error ? (error.stack ?? error.message) : error), 10_000);
  } catch {
    return "it threw something that cannot be made text";
  }
}
