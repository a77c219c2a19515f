/**
 * Runs operations of stores for the test's process, as many at once as are asked for: the far end
 * of remote-store.ts.
 */
import type { SessionStore } from "../../../src/lib/session/session-store.ts";
import { openStore, type StoreAddress } from "../open-store.ts";
import { nextCommand, report } from "./child.ts";

/** A value, or none: JSON has no `undefined`. */
export type Optional = readonly [] | readonly [unknown];

export interface Request {
  readonly id: number;
  /** Which of the stores, numbered by who asks. */
  readonly store: number;
  readonly operation: "open" | Exclude<keyof SessionStore, "secretFile">;
  readonly args: readonly Optional[];
}

export type Reply =
  | { readonly id: number; readonly result: Optional }
  | { readonly id: number; readonly error: { readonly message: string; readonly code?: unknown } };

const stores = new Map<number, SessionStore>();

async function perform({ store: number, operation, args }: Request): Promise<unknown> {
  const values = args.map(([value]) => value);
  if (operation === "open") {
    const opened = await openStore(values[0] as StoreAddress);
    stores.set(number, opened);
    return opened.readClock !== undefined;
  }
  const store = stores.get(number);
  if (store === undefined) throw new Error(`no store ${number} was opened`);
  return (store[operation] as (...given: unknown[]) => Promise<unknown>)(...values);
}

async function serve(request: Request): Promise<void> {
  const { id } = request;
  try {
    const result = await perform(request);
    report({ id, result: result === undefined ? [] : [result] } satisfies Reply);
  } catch (error) {
    const { message, code } = error as Error & { readonly code?: unknown };
    report({ id, error: { message, code } } satisfies Reply);
  }
}

for (;;) {
  const request = await nextCommand<Request>();
  if (request === undefined) break;
  void serve(request);
}
process.exit();
