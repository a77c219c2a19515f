import { expect, test } from "vitest";
import { type CodeOf, generalError } from "../errors.ts";
import { respondToError } from "./respond-to-error.ts";

const POLICY = { diagnostics: false, sessionExpiredStatus: 401, supertokens: false } as const;

test.each<CodeOf<"GENERAL_ERROR">>([
  "STORE_UNAVAILABLE",
  "STORE_UNSUITABLE",
  "DRIVER_MISSING",
  "SCHEMA_MISSING",
  "SCHEMA_TOO_NEW",
  "SECRET_MISMATCH",
  "CLOSED",
])("%s is an outage: 503, come again, and not a word about why", (code) => {
  const answer = respondToError(generalError(code, "at db.internal:3306"), POLICY);
  expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  expect(JSON.stringify(answer)).not.toContain("db.internal");
});

test.each<CodeOf<"GENERAL_ERROR">>(["USER_ID_INVALID", "ARGUMENT_INVALID", "CONFIG_INVALID", "NOT_INITIALISED"])(
  "%s is a fault of the app's own, for its own error handler",
  (code) => {
    expect(respondToError(generalError(code, "no"), POLICY)).toBeUndefined();
  },
);
