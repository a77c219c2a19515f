/** A path that needs no escaping anywhere, without a slash at its end. */
export const isPlainPath = (text: string): boolean =>
  text.length <= 200 && /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.~-]+)+$/.test(text);

/** Whether a URL or path is the base path or below it. Every path is below `""`. */
export function isBelow(address: string, basePath: string): boolean {
  return address.startsWith(basePath) && [undefined, "/", "?", "#"].includes(address[basePath.length]);
}
