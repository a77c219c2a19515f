import type { SessionContext } from "./context.ts";

/**
 * Looks at a token, and once more after the keys have been loaded anew where it names one that this
 * process does not know: another process may have made it a moment ago.
 *
 * @param found what the first look has found, so that a signature is checked once
 */
export async function lookAgainWithNewKeys<Verdict extends { readonly kind: string }>(
  { calls, ring }: SessionContext,
  look: () => Verdict,
  found: Verdict = look(),
): Promise<Verdict> {
  if (found.kind !== "unknown-key") return found;
  await calls.run(() => ring.reloadForUnknownKey());
  return look();
}
