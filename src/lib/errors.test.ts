import { expect, test } from "vitest";
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
  ["a sign-in in another transport", generalError("TRANSPORT_REFUSED", WHY), MESSAGES.transport],
  ["a theft", new TokenTheftError("<handle>", "alice"), MESSAGES.theft],
  ["a sign-in that is too old", new StepUpError(5000), MESSAGES.stepUp],
  ["a page on its way to a refresh", new RefreshRedirectError("/session/refresh?to=%2F"), MESSAGES.tryRefreshToken],
])("%s: an error handler that sends the message tells the client nothing more", (_, error, message) => {
  expect(error.message).toBe(message);
  expect(error.stack).not.toContain(error.detail);
  expect(error.detail.length).toBeGreaterThan(message.length);
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
