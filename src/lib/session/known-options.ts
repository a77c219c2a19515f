import { cutText } from "../cut-text.ts";
import { describeKnown } from "../options/unknown-option.ts";
import { generalError } from "../errors.ts";

/**
 * Refuses unknown options: a misspelt one would silently skip a check.
 *
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function checkKnown(options: object | undefined, call: string, known: readonly string[]): void {
  for (const name in options) {
    if (known.includes(name)) continue;
    throw generalError(
      "ARGUMENT_INVALID",
      `${call} has no option ${JSON.stringify(cutText(name, 40))}; ${describeKnown(name, known)}`,
    );
  }
}
