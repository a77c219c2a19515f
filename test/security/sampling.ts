import fc from "fast-check";
import { SEED } from "../fixtures/random.ts";

/**
 * Tries a property on samples, and says how many there were and which seed repeats them
 * (`COUNTERFOIL_SEED`).
 */
export async function holdsFor<Sample>(
  name: string,
  numRuns: number,
  samples: fc.Arbitrary<Sample>,
  property: (sample: Sample) => Promise<void> | void,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(samples, async (sample) => property(sample)),
    { seed: SEED | 0, numRuns },
  );
  console.log(`${name}: ${numRuns} samples (seed ${SEED})`);
}
