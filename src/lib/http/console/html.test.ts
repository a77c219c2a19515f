import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { html, showUnseen } from "./html.ts";

/** What a browser makes of text without tags. */
const decode = (text: string): string =>
  text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

describe("html", () => {
  test("escapes text for content and for attributes, and comes back as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`;
        const [, title = "", content = ""] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(made) ?? [];
        expect([decode(title), decode(content)]).toEqual([text, text]);
        expect(content).not.toMatch(/[<>"']|&(?!#\d+;)/);
      }),
    );
  });

  test("puts HTML in as it is, lists without a separator, and nothing for undefined", () => {
    const items = ["a", "<b>"].map((text) => html`<i>${text}</i>`);
    expect(html`<b>${items}${undefined}</b>${3}`.text).toBe("<b><i>a</i><i>&#60;b&#62;</i></b>3");
  });
});

describe("showUnseen", () => {
  test.each([
    ["plain text, with spaces", "plain text, with spaces"],
    ["grüße 日本 😀 שלום", "grüße 日本 😀 שלום"],
    ["a\u202Eb", String.raw`a\u202eb`],
    ["a\u00A0b\u2003c\u3000d", String.raw`a\u00a0b\u2003c\u3000d`],
    ["a\u2028b\uFEFFc\u00ADd", String.raw`a\u2028b\ufeffc\u00add`],
    ["\u0000\t\n\u007F", String.raw`\u0000\u0009\u000a\u007f`],
    ["\uD800x\uDFFF", String.raw`\ud800x\udfff`],
    ["\u{E0001}", String.raw`\udb40\udc01`],
  ])("%j", (text, shown) => {
    expect(showUnseen(text)).toBe(shown);
  });

  test("keeps the meaning of JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(JSON.parse(showUnseen(JSON.stringify(text)))).toBe(text);
      }),
    );
  });
});
