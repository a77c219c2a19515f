/**
 * The example of the documentation page "Verify Session", the page that this library started from,
 * with the import's package name changed to `counterfoil`. Where the page says "send status code
 * 500" and the like, the line that does it stands here; below it are the helpers that the page
 * leaves to the framework, over a request and response of node:http.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as SuperTokens from "counterfoil";

export function likeCommentAPI(): void {
  let accessToken = getCookieValue("sAccessToken");
  if (accessToken === undefined) {
    // access token has probably expired.
    sendSessionExpired("access token missing");
    return;
  }
  // This is a POST API. So we also want to protect against CSRF attack
  let antiCsrfToken = getHeaderValue("anti-csrf");
  SuperTokens.getSession(accessToken, antiCsrfToken)
    // oxlint-disable-next-line promise/always-return -- the page's own shape
    .then((response) => {
      if (response.newAccessToken !== undefined) {
        let newAccessToken = response.newAccessToken;
        setCookie(
          "sAccessToken",
          newAccessToken.value,
          "example.com",
          true,
          true,
          new Date(newAccessToken.expires),
          "/",
        );
      }
      let userId = response.session.userId;
      // rest of API logic...
      send(200, { liked: true, userId, claims: response.session.jwtPayload });
    })
    .catch((err: unknown) => {
      if (SuperTokens.Error.isErrorFromAuth(err)) {
        if (err.errType === SuperTokens.Error.GENERAL_ERROR) {
          send(500, { failed: "general error" });
        } else if (err.errType === SuperTokens.Error.UNAUTHORISED) {
          clearAuthCookies();
          // session has expired! You can redirect the user to a login page.
          send(401, { redirect: "/login" });
        } else {
          // TRY_REFRESH_TOKEN
          sendSessionExpired(err.errType === SuperTokens.Error.TRY_REFRESH_TOKEN ? "try refresh token" : "other");
        }
      } else {
        send(500, { failed: "not an error of auth" });
      }
    });
}

function clearAuthCookies(): void {
  const gone = new Date(0);
  setCookie("sAccessToken", "", "example.com", true, true, gone, "/");
  setCookie("sRefreshToken", "", "example.com", true, true, gone, "/session/refresh");
  setCookie("sIdRefreshToken", "", "example.com", true, false, gone, "/");
}

// oxlint-disable-next-line eslint/max-params -- the page calls it so
export function setCookie(
  key: string,
  value: string,
  domain: string,
  secure: boolean,
  httpOnly: boolean,
  expires: Date,
  path: string,
): void {
  const flags = [secure ? "Secure" : "", httpOnly ? "HttpOnly" : ""].filter((flag) => flag !== "");
  const line = [`${key}=${value}`, `Domain=${domain}`, `Path=${path}`, `Expires=${expires.toUTCString()}`, ...flags];
  current().response.appendHeader("Set-Cookie", line.join("; "));
}

function getCookieValue(key: string): string | undefined {
  const pairs = (current().request.headers.cookie ?? "").split("; ");
  return pairs.find((pair) => pair.startsWith(`${key}=`))?.slice(key.length + 1);
}

function getHeaderValue(key: string): string | undefined {
  const value = current().request.headers[key];
  return Array.isArray(value) ? value.join(", ") : value;
}

function sendSessionExpired(reason: string): void {
  send(440, { expired: reason });
}

function send(status: number, body: object): void {
  const { response } = current();
  response.statusCode = status;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(body));
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const exchanges = new AsyncLocalStorage<Exchange>();

function current(): Exchange {
  const exchange = exchanges.getStore();
  if (exchange === undefined) throw new Error("called outside of a request");
  return exchange;
}

/** Runs a handler for a request, so that the helpers know which one they work on. */
export function handle<T>(request: IncomingMessage, response: ServerResponse, handler: () => T): T {
  return exchanges.run({ request, response }, handler);
}
