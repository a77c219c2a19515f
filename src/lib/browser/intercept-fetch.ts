export interface Interception {
  readonly original: typeof fetch;
  undo(): void;
}

interface Wrapper {
  readonly original: typeof fetch;
  isActive: boolean;
}

// Shared by all copies of this module in a page, so that the last one restores the original.
const WRAPPER: unique symbol = Symbol.for("counterfoil.fetch") as never;

type MaybeWrapped = typeof fetch & { [WRAPPER]?: Wrapper };

/** Replaces the page's `fetch`. `original`: the previous function. */
export function interceptFetch(call: typeof fetch): Interception {
  const original = globalThis.fetch;
  const wrapper: Wrapper = { original, isActive: true };
  globalThis.fetch = Object.assign(
    (input: string | URL | Request, init?: RequestInit) => (wrapper.isActive ? call : original)(input, init),
    { [WRAPPER]: wrapper },
  );
  return {
    original,
    undo() {
      wrapper.isActive = false;
      for (;;) {
        const outermost = (globalThis.fetch as MaybeWrapped)[WRAPPER];
        if (outermost?.isActive !== false) return;
        globalThis.fetch = outermost.original;
      }
    },
  };
}
