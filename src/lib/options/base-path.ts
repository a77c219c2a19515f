/** A path that needs no escaping anywhere, without a slash at its end. */
export const isPlainPath = (text: string): boolean =>
  text.length <= 200 && /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.~-]+)+$/.test(text);

/** Whether an address, or a path alone, is the base path itself or below it; any is below `""`. */
export function isBelow(address: string, basePath: string): boolean {
  return address.startsWith(basePath) && [undefined, "/", "?", "#"].includes(address[basePath.length]);
}
