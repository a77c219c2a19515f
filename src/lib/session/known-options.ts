import { cutText } from "../cut-text.ts";
import { describeKnown } from "../options/unknown-option.ts";
import { generalError } from "../errors.ts";

/**
 * Refuses options that are no object, and unknown ones: a misspelt one would silently skip a check.
 *
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function checkKnown(options: unknown, call: string, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) {
    const type = options === null ? "null" : `of type ${typeof options}`;
    throw generalError("ARGUMENT_INVALID", `the options of ${call} are ${type}; give an object, or leave them out`);
  }
  for (const name in options) {
    if (known.includes(name)) continue;
    throw generalError(
      "ARGUMENT_INVALID",
      `${call} has no option ${JSON.stringify(cutText(name, 40))}; ${describeKnown(name, known)}`,
    );
  }
}
