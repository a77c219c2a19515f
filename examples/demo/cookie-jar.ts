/**
 * A small cookie jar for one host. It sends every cookie everywhere: a thief's tool does not care
 * about `Path`.
 */
export interface CookieJar {
  /** The `Cookie` header of the next request. */
  header(): string;
  get(name: string): string | undefined;
  /** Takes in the `Set-Cookie` headers of an answer. */
  store(lines: readonly string[]): void;
}

/** @param header a `Cookie` header to begin with */
export function createCookieJar(header: string): CookieJar {
  const cookies = new Map<string, string>();
  for (const pair of header.split(";")) put(pair);

  function put(pair: string): void {
    const equals = pair.indexOf("=");
    if (equals !== -1) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }

  return {
    header: () => Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; "),
    get: (name) => cookies.get(name),
    store(lines) {
      for (const line of lines) {
        const [pair = "", ...attributes] = line.split(";");
        put(pair);
        const gone = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
        if (gone) cookies.delete(pair.slice(0, pair.indexOf("=")).trim());
      }
    },
  };
}
