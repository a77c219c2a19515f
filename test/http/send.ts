/** The raw client of the conformance list, for the tests of this repository. */
export {
  type Answer,
  cookieHeader,
  parseSetCookie,
  send,
  type Sent,
  type SentHeaders,
  type SetCookie,
} from "../../src/lib/testing/raw-request.ts";
