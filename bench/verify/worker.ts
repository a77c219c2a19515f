/** The process of one contender: started by rounds.ts, with an order as its argument. */
import { serveParent } from "../child.ts";
import { loadLibrary } from "./libraries.ts";
import type { VerifyOrder } from "./library.ts";
import { createTurns, measureSlice, type Slice } from "./slices.ts";

export interface SliceQuestion {
  readonly ms: number;
}

/** Each token is seen once before anything is measured; where that is slow, for so many ms. */
const WARM_UP = { calls: 100, most: 3000 };

await serveParent(async (order: VerifyOrder) => {
  const library = await loadLibrary(order);
  const turns = createTurns(library.credentials);
  const end = performance.now() + WARM_UP.most;
  for (let seen = 0; seen < order.tokens && performance.now() < end; seen += WARM_UP.calls) {
    for (const { token, antiCsrf } of turns(WARM_UP.calls)) await library.verify(token, antiCsrf);
  }
  return { ready: {}, answer: ({ ms }: SliceQuestion): Promise<Slice> => measureSlice(library, turns, ms) };
});
