import type { Page } from "playwright-core";

/** The texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3), with their contrasts. */
export const findFaintTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const parse = (color: string): readonly number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r = 0, g = 0, b = 0]: readonly number[]): number => {
      const [red = 0, green = 0, blue = 0] = [r, g, b].map((one) => {
        const part = one / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element | null): readonly number[] => {
      if (element === null) return [255, 255, 255];
      const color = parse(getComputedStyle(element).backgroundColor);
      return color[3] === 0 ? behind(element.parentElement) : color;
    };
    const faint: string[] = [];
    for (const element of document.body.querySelectorAll("*")) {
      const text = [...element.childNodes].find((node) => node.nodeType === 3 && node.textContent?.trim() !== "");
      if (text === undefined) continue;
      const levels = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
      const contrast = (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
      if (contrast < 4.5) faint.push(`${element.tagName} ${text.textContent?.trim()} ${contrast.toFixed(2)}`);
    }
    return faint;
  });
