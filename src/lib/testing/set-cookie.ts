/** A cookie as a response sets it. */
export interface TestCookie {
  /** With `cookie.prefix` and `__Host-`, if the instance has them. */
  readonly name: string;
  readonly value: string;
  /** The attribute `Domain`. Undefined: the cookie is for the host of the request alone. */
  readonly domain: string | undefined;
  readonly path: string;
  /** When the cookie ends, in ms since the epoch. Undefined: with the browser. */
  readonly expires: number | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: "Lax" | "None" | "Strict";
}

/** Reads a line of `Set-Cookie` that this library has written. */
export function readSetCookie(line: string): TestCookie {
  const [pair = "", ...rest] = line.split("; ");
  const attributes = new Map(rest.map((text) => split(text)));
  const [name, value] = split(pair);
  const expires = attributes.get("Expires");
  return {
    name,
    value,
    domain: attributes.get("Domain"),
    path: attributes.get("Path") ?? "/",
    expires: expires === undefined ? undefined : Date.parse(expires),
    httpOnly: attributes.has("HttpOnly"),
    secure: attributes.has("Secure"),
    sameSite: attributes.get("SameSite") as TestCookie["sameSite"],
  };
}

function split(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
