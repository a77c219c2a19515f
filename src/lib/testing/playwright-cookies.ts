import { generalError } from "../errors.ts";
import { isLocalOrigin } from "../options/origin.ts";
import type { TestCookie } from "./set-cookie.ts";

/** A cookie as `context.addCookies` of Playwright takes it. */
export interface PlaywrightCookie {
  name: string;
  value: string;
  /** A host alone, or with a dot in front a domain and the hosts below it. */
  domain: string;
  path: string;
  /** When the cookie ends, in seconds since the epoch; -1: with the browser. */
  expires: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite: "Lax" | "None" | "Strict";
}

/** @throws SessionError `ARGUMENT_INVALID` if a browser would not send them to that URL */
export function toPlaywrightCookies(cookies: readonly TestCookie[], url: string): PlaywrightCookie[] {
  if (!URL.canParse(url)) throw refused(`"${url}" is no URL; write that of the app, such as "http://localhost:3000"`);
  const { hostname, protocol, origin } = new URL(url);
  const isSecure = protocol === "https:" || isLocalOrigin(origin);
  return cookies.map(({ domain, expires, ...cookie }) => {
    if (cookie.secure && !isSecure)
      throw refused(
        `cookie.secure is true, and browsers do not send such cookies to "${origin}"; serve the app by https or at localhost, or write cookie: { secure: false } for the tests`,
      );
    if (domain !== undefined && hostname !== domain && !hostname.endsWith(`.${domain}`))
      throw refused(`cookie.domain is "${domain}", and "${origin}" is not below it; open the app at a host of it`);
    return {
      ...cookie,
      domain: domain === undefined ? hostname : `.${domain}`,
      expires: expires === undefined ? -1 : expires / 1000,
    };
  });
}

const refused = (detail: string): Error => generalError("ARGUMENT_INVALID", detail);
