import { escapeUnit } from "../../notices.ts";

/** HTML whose values were escaped when they were put in. Nothing else goes into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A part of a page. Nothing stands for undefined. */
export type HtmlValue = string | number | Html | readonly Html[] | undefined;

/**
 * Makes HTML. Text is escaped for content and for attributes in double quotes.
 *
 * @example html`<p title="${title}">${text}</p>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const rest = values.map((value, index) => toText(value) + (parts[index + 1] ?? ""));
  return new Html((parts[0] ?? "") + rest.join(""));
}

function toText(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string" || typeof value === "number") return String(value).replace(/[&<>"']/g, escapeOne);
  return value.map(({ text }) => text).join("");
}

const escapeOne = (character: string): string => `&#${character.charCodeAt(0)};`;

// Control and format characters (direction marks among them), lone surrogates, characters without a
// meaning, and every space but the usual one.
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Writes characters that cannot be seen, or change what is seen, as in JSON: `\u202e`. */
export const showUnseen = (text: string): string => text.replace(UNSEEN, escapeUnits);

/** Without the flag u each half of a pair is one. */
const escapeUnits = (character: string): string => character.replace(/[^]/g, escapeUnit);
