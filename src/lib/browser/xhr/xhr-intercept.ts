import type { SessionCalls } from "../session-calls.ts";
import { createSessionXhr } from "./xhr-session.ts";

interface Wrapper {
  readonly original: typeof XMLHttpRequest;
  isActive: boolean;
}

// Shared by all copies of this module in a page, so that the last one restores the original.
const WRAPPER: unique symbol = Symbol.for("counterfoil.xhr") as never;

/**
 * Sends all `XMLHttpRequest`s that the page makes from now on through the client, including those
 * of libraries.
 *
 * @param client the result of `createSessionClient`
 * @returns a function that restores the original class. Requests made before are then sent
 *   unchanged
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { interceptXhr } from "counterfoil/xhr";
 *
 * const undo = interceptXhr(createSessionClient());
 * addEventListener("pagehide", undo);
 * ```
 */
export function interceptXhr(client: SessionCalls): () => void {
  const wrapper: Wrapper = { original: globalThis.XMLHttpRequest, isActive: true };
  const calls: SessionCalls = {
    judge: (...given) => client.judge(...given),
    prepare: async (call) => (wrapper.isActive ? client.prepare(call) : undefined),
  };
  globalThis.XMLHttpRequest = Object.assign(createSessionXhr(calls), { [WRAPPER]: wrapper });
  return () => {
    wrapper.isActive = false;
    for (;;) {
      // Only its own property: a class that extends ours inherits it.
      const outermost = Object.getOwnPropertyDescriptor(XMLHttpRequest, WRAPPER)?.value as Wrapper | undefined;
      if (outermost?.isActive !== false) return;
      globalThis.XMLHttpRequest = outermost.original;
    }
  };
}
