import type { SessionContext } from "./context.ts";

/**
 * Verifies a token, and once more with newly loaded keys if it names an unknown key: another
 * process may have made that key a moment ago.
 *
 * @param found the first result, so that a signature is checked once
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
