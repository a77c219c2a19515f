/** The raw client of the conformance list, for the tests of this repository. */
export {
  type RawResponse,
  cookieHeader,
  kindOfCookie,
  parseSetCookie,
  send,
  type Sent,
  type SentHeaders,
  sessionCookiesOf,
  type SetCookie,
} from "../../src/lib/testing/http/raw-request.ts";
