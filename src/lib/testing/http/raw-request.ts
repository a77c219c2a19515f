/** A client over raw node:http that permits repeated headers, raw cookies and forged `Origin`s. */
import { request } from "node:http";
import { text } from "node:stream/consumers";

/** A request header; a list sends it repeatedly. */
export type SentHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: SentHeaders;
  readonly body?: string;
}

export interface RawResponse {
  readonly status: number;
  /** Lower-case names and values, in order, with repetitions. */
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
  /** @returns all values of a header */
  readonly all: (name: string) => readonly string[];
  /**
   * @returns the value of a single header; undefined if it is missing
   * @throws if it is repeated
   */
  readonly header: (name: string) => string | undefined;
  /** `Set-Cookie` lines. */
  readonly cookies: readonly string[];
  /** The body parsed as JSON. */
  readonly json: () => unknown;
}

/**
 * The length that browsers send; undefined without a body. Node would send an empty body in chunks.
 */
export const lengthOf = ({ method = "GET", body }: Sent): string | undefined =>
  body === undefined && ["GET", "HEAD", "OPTIONS"].includes(method) ? undefined : String(Buffer.byteLength(body ?? ""));

export function send(port: number, sent: Sent): Promise<RawResponse> {
  const { method = "GET", path, headers = {}, body } = sent;
  const raw = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, one]),
  );
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) raw.push("Host", `127.0.0.1:${port}`);
  const length = lengthOf(sent);
  if (length !== undefined) raw.push("Content-Length", length);
  const target = { host: "127.0.0.1", port, method, path, headers: raw, agent: false, setHost: false };
  return new Promise((resolve, reject) => {
    const outgoing = request(target, (incoming) => {
      const { statusCode = 0, rawHeaders } = incoming;
      text(incoming).then((read) => resolve(toRawResponse(statusCode, rawHeaders, read)), reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** @param raw names and values, alternating; pseudo-headers are left out */
export function toRawResponse(status: number, raw: readonly string[], content: string): RawResponse {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (!name.startsWith(":")) headers.push([name, raw[at + 1] ?? ""]);
  }
  const all = (name: string): string[] => headers.flatMap(([other, value]) => (other === name ? [value] : []));
  return {
    status,
    headers,
    text: content,
    all,
    header(name) {
      const values = all(name);
      if (values.length > 1) throw new Error(`header ${name} came ${values.length} times`);
      return values[0];
    },
    cookies: all("set-cookie"),
    json: () => JSON.parse(content) as unknown,
  };
}

/** Formats a `Cookie` header of name-value pairs. */
export const cookieHeader = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join("; ");

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** The rest of the line after the value. */
  readonly attributes: string;
}

export function parseSetCookie(line: string): SetCookie {
  const [pair = "", ...rest] = line.split("; ");
  const equals = pair.indexOf("=");
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), attributes: rest.join("; ") };
}

export type CookieKind = "access" | "refresh" | "marker";

/**
 * The kind of our cookie with this name, with any `__Host-` and `cookie.prefix`; undefined for
 * other cookies.
 */
export function kindOfCookie(name: string): CookieKind | undefined {
  const kinds = { sAccessToken: "access", sRefreshToken: "refresh", sIdRefreshToken: "marker" } as const;
  const plain = /s(?:Access|Refresh|IdRefresh)Token$/.exec(name)?.[0] ?? "";
  return new Map<string, CookieKind>(Object.entries(kinds)).get(plain);
}

export type SessionCookies = Partial<Readonly<Record<CookieKind, SetCookie>>>;

/**
 * Our cookies in a response under any names. A line that sets a cookie wins over one that clears
 * it.
 */
export function sessionCookiesOf(response: RawResponse): SessionCookies {
  const found: { -readonly [Kind in keyof SessionCookies]: SessionCookies[Kind] } = {};
  for (const cookie of response.cookies.map(parseSetCookie)) {
    const kind = kindOfCookie(cookie.name);
    if (kind !== undefined && (cookie.value !== "" || found[kind] === undefined)) found[kind] = cookie;
  }
  return found;
}
