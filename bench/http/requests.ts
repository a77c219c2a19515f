import { type Contender, GUARDS, ROUTE, SIGN_IN, USER_PARAMETER } from "./contenders.ts";

/** What one user sends. */
export interface Credentials {
  readonly user: string;
  readonly cookie: string;
  readonly antiCsrf: string | undefined;
}

const HOST = "bench.localhost";
/** So that cookies may be `secure`. */
const BEHIND_A_PROXY = { "x-forwarded-proto": "https" };

/**
 * Users take turns at signing in, so that a peer with a small pool is not asked for more than it
 * has.
 */
export async function signIn(port: number, users: number): Promise<readonly Credentials[]> {
  const all: Credentials[] = [];
  for (let index = 0; index < users; index += 1) {
    const user = `user-${String(index).padStart(4, "0")}`;
    const response = await fetch(`http://127.0.0.1:${port}${SIGN_IN}?${USER_PARAMETER}=${user}`, {
      method: "POST",
      headers: BEHIND_A_PROXY,
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`signing in: ${response.status} ${text}`);
    all.push({ user, cookie: readCookies(response), antiCsrf: response.headers.get("anti-csrf") ?? undefined });
  }
  return all;
}

/** The cookies that a browser would send to the route: not the refresh token's. */
function readCookies(response: Response): string {
  return response.headers
    .getSetCookie()
    .filter((line) => /; path=\/(;|$)/i.test(line) && !/; max-age=0(;|$)/i.test(line))
    .map((line) => line.split(";", 1)[0])
    .join("; ");
}

/**
 * A request as a browser's script sends it; all contenders get the same, but for cookie and
 * anti-CSRF token.
 */
export function writeRequest({ cookie, antiCsrf }: Partial<Credentials>): Buffer {
  const lines = [
    `POST ${ROUTE} HTTP/1.1`,
    `Host: ${HOST}`,
    "Connection: keep-alive",
    ...Object.entries(BEHIND_A_PROXY).map(([name, value]) => `${name}: ${value}`),
    "Content-Length: 0",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Accept: */*",
    `Origin: https://${HOST}`,
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: en-GB,en;q=0.9",
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ...(antiCsrf === undefined ? [] : [`anti-csrf: ${antiCsrf}`]),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Requests that every contender must refuse. */
export function writeForgeries({ guard }: Contender, given: Credentials): Readonly<Record<string, Buffer>> {
  const { cookie, antiCsrf } = given;
  return {
    "no cookie": writeRequest({ antiCsrf }),
    "altered cookies": writeRequest({ cookie: alter(cookie), antiCsrf }),
    ...(GUARDS[guard].antiCsrf === true
      ? {
          "no anti-CSRF token": writeRequest({ cookie }),
          "altered anti-CSRF token": writeRequest({ cookie, antiCsrf: alterMiddle(antiCsrf ?? "") }),
        }
      : {}),
  };
}

/** In the middle of each value, so that neither an unused bit nor the name is hit. */
const alter = (cookie: string): string =>
  cookie
    .split("; ")
    .map((pair) => pair.replace(/(?<==).*$/, alterMiddle))
    .join("; ");

function alterMiddle(value: string): string {
  const middle = Math.floor(value.length / 2);
  return `${value.slice(0, middle)}${value[middle] === "A" ? "B" : "A"}${value.slice(middle + 1)}`;
}
