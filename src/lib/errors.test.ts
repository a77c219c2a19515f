import { isHttpError } from "http-errors";
import { expect, test } from "vitest";
import { ERRORS } from "./error-types.ts";
import { MESSAGES } from "../protocol.ts";
import {
  ConfigError,
  generalError,
  RefreshRedirectError,
  retryLater,
  type SessionError,
  StepUpError,
  TokenTheftError,
  tryRefreshToken,
  unauthorised,
} from "./errors.ts";

const WHY = "the reason, which only a log may have";

test.each<[string, SessionError, string]>([
  ["a session that is over", unauthorised("SESSION_NOT_FOUND", WHY), MESSAGES.unauthorised],
  ["a token to be refreshed", tryRefreshToken("ACCESS_TOKEN_INVALID", WHY), MESSAGES.tryRefreshToken],
  ["a lost race", retryLater("STORE_CONTENDED", WHY), MESSAGES.retry],
  ["a request of another site", generalError("CSRF_REFUSED", WHY), MESSAGES.csrf],
  ["tokens of two sessions", generalError("TRANSPORT_CONFLICT", WHY), MESSAGES.conflict],
  ["a sign-in in another transport", generalError("TRANSPORT_REFUSED", WHY), MESSAGES.transport],
  ["a theft", new TokenTheftError("<handle>", "alice"), MESSAGES.theft],
  ["a sign-in that is too old", new StepUpError(5000), MESSAGES.stepUp],
  ["a page on its way to a refresh", new RefreshRedirectError("/session/refresh?to=%2F"), MESSAGES.tryRefreshToken],
])("%s: an error handler that sends the message tells the client nothing more", (_, error, message) => {
  expect(error.message).toBe(message);
  expect(error.stack).not.toContain(error.detail);
  // Not even that it is one of ours, or whose.
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({ error: error.status === 303 ? {} : { message } });
  expect(error.detail.length).toBeGreaterThan(message.length);
});

test.each<[string, SessionError, number, Record<string, string>]>([
  [
    "a session that is over",
    unauthorised("SESSION_NOT_FOUND", WHY),
    401,
    { "www-authenticate": 'Bearer realm="session", error="invalid_token"' },
  ],
  [
    "a token that is missing",
    tryRefreshToken("ACCESS_TOKEN_MISSING", WHY),
    401,
    { "www-authenticate": 'Bearer realm="session"' },
  ],
  ["a lost race", retryLater("STORE_CONTENDED", WHY), 409, { "retry-after": "1" }],
  ["a request of another site", generalError("CSRF_REFUSED", WHY), 403, {}],
  ["a sign-in in another transport", generalError("TRANSPORT_REFUSED", WHY), 403, {}],
  ["tokens of two sessions", generalError("TRANSPORT_CONFLICT", WHY), 400, {}],
  [
    "a theft",
    new TokenTheftError("<handle>", "alice"),
    401,
    { "www-authenticate": 'Bearer realm="session", error="invalid_token"' },
  ],
  [
    "a sign-in that is too old",
    new StepUpError(5000),
    401,
    { "www-authenticate": 'Bearer error="insufficient_user_authentication", max_age="5"' },
  ],
  ["a page on its way to a refresh", new RefreshRedirectError("/r?to=%2F"), 303, { location: "/r?to=%2F" }],
  ["an outage", generalError("STORE_UNAVAILABLE", WHY, new Error("db")), 503, { "retry-after": "1" }],
])("%s has what error handlers answer with, and no stack that one could send", (_, error, status, headers) => {
  expect([error.status, error.statusCode, error.expose]).toEqual([status, status, false]);
  expect(error.headers).toEqual({ ...headers, "cache-control": "no-store" });
  expect(error.stack).toBe(`${error.name}: ${error.message}`);
  expect(error.stack).not.toContain(error.code);
  expect(JSON.stringify(error)).not.toContain(error.detail);
  // As Koa and http-errors write what they have read.
  expect(() => Object.assign(error, { status: 500, statusCode: 500, expose: true })).not.toThrow();
});

test.each<[string, SessionError]>([
  ["a call of the app", generalError("ARGUMENT_INVALID", WHY)],
  ["the config", new ConfigError([{ code: "MISSING", path: "store", message: WHY }])],
  ["a function before init", generalError("NOT_INITIALISED", WHY)],
])("an error of %s is the app's own: 500, with a stack, and Hono logs it", (_, error) => {
  expect([error.status, error.statusCode, error.expose, error.headers]).toEqual([500, 500, false, {}]);
  expect(error.stack?.startsWith(`${error.name} [${error.code}]: ${error.message}\n    at `)).toBe(true);
  expect(error.stack).toContain("errors.test.ts");
  expect("getResponse" in error).toBe(false);
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: error.code, detail: error.detail });
});

test.each<[string, SessionError]>([
  ["SessionError", generalError("CLOSED", WHY)],
  ["TokenTheftError", new TokenTheftError("<handle>", "alice")],
  ["RefreshRedirectError", new RefreshRedirectError("/r?to=%2F")],
  ["StepUpError", new StepUpError(5000)],
  ["ConfigError", new ConfigError([{ code: "MISSING", path: "store", message: WHY }])],
])("a %s says its class", (name, error) => {
  expect(error.name).toBe(name);
  expect(error.constructor.name).toBe(name);
});

test("each code belongs to one kind, and has the status that the table says", () => {
  const make: Readonly<Record<string, (code: never, detail: string) => SessionError>> = {
    GENERAL_ERROR: generalError,
    UNAUTHORISED: unauthorised,
    TRY_REFRESH_TOKEN: tryRefreshToken,
    RETRY: retryLater,
  };
  for (const [code, { kind, status }] of Object.entries(ERRORS)) {
    const error = make[kind]?.(code as never, WHY);
    // Those of a class of their own are above.
    if (error !== undefined && code !== "REFRESH_REDIRECT") expect([code, error.status]).toEqual([code, status]);
  }
  // @ts-expect-error -- a code of another kind
  unauthorised("CONFIG_INVALID", WHY);
  // @ts-expect-error -- a code of another kind
  generalError("SESSION_NOT_FOUND", WHY);
});

test("an error is one of the package http-errors' kind", () => {
  for (const error of [unauthorised("SESSION_NOT_FOUND", WHY), generalError("STORE_UNAVAILABLE", WHY)])
    expect(isHttpError(error)).toBe(true);
});

test.each<[string, SessionError]>([
  ["the store", generalError("STORE_UNAVAILABLE", WHY)],
  ["the secret", generalError("SECRET_MISMATCH", WHY)],
  ["the schema", generalError("SCHEMA_MISSING", WHY)],
  ["a call of the app", generalError("ARGUMENT_INVALID", WHY)],
  ["the config", new ConfigError([{ code: "MISSING", path: "store", message: WHY }])],
])("an error of %s says in its message what to do", (_, error) => {
  expect(error.message).toContain(WHY);
  expect(error.detail).toBe(error.message);
});
