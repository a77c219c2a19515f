/** Where browsers see the app, against the cookies that they would get there. */
import type { Policy } from "../policy.ts";
import { isBelow } from "../options/base-path.ts";
import { isLocalOrigin } from "../options/origin.ts";
import { type ConfigOptions, OPTIONS } from "./config-options.ts";
import { FIXED_PATHS } from "./option-rules.ts";

/** Cookies that browsers would drop, or send in the clear, at the origin that they will see. */
export function checkOriginAgainstCookies({ fault }: ConfigOptions, { http, cookie }: Policy): void {
  if (http.publicOrigin === undefined || !http.transports.has("cookie")) return;
  const { protocol, hostname } = new URL(http.publicOrigin);
  if (protocol === "https:" && !cookie.secure) {
    fault(
      "cookie.secure",
      "UNSAFE",
      "is false although http.publicOrigin is https, so that the tokens would also travel in the clear; write true or leave it out",
    );
  }
  if (protocol === "http:" && cookie.secure && !isLocalOrigin(http.publicOrigin)) {
    fault(
      "cookie.secure",
      "CONTRADICTION",
      "is true, and browsers drop such cookies from an http.publicOrigin over http; write an https origin, or for development cookie: { secure: false }",
    );
  }
  if (cookie.domain !== undefined && hostname !== cookie.domain && !hostname.endsWith(`.${cookie.domain}`)) {
    fault(
      "cookie.domain",
      "CONTRADICTION",
      "does not belong to http.publicOrigin, so browsers drop the cookies; write the origin's own domain or a parent of it",
    );
  }
}

/**
 * A base path with which a session route begins as well: a path could then mean two routes, since
 * they are found with it and without.
 */
export function checkBasePath(
  { fault }: ConfigOptions,
  { http: { basePath }, cookie: { renewTokenPath } }: Policy,
): void {
  if (basePath === "") return;
  const refuse = (message: string): void => fault("http.basePath", "CONTRADICTION", message);
  if (isBelow(renewTokenPath, basePath)) {
    const rest = renewTokenPath.slice(basePath.length) || OPTIONS["tokens.refreshToken.renewTokenPath"].default;
    refuse(
      `stands before tokens.refreshToken.renewTokenPath, which is "${renewTokenPath}" and begins with it already; leave basePath out, or write renewTokenPath: "${rest}"`,
    );
    return;
  }
  const route = FIXED_PATHS.find((path) => isBelow(path, basePath));
  if (route !== undefined)
    refuse(`is also the beginning of "${route}", the path of a session route; serve the app below another path`);
}
