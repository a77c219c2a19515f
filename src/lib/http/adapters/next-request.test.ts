import { expect, test } from "vitest";
import { methodOf } from "./next-request.ts";

const NAVIGATE = { "sec-fetch-mode": "navigate" };
const FORM = { ...NAVIGATE, "content-type": "multipart/form-data; boundary=a", origin: "null" };

test.each([
  ["a page load", NAVIGATE, "GET"],
  ["a page load behind the proxy", { ...NAVIGATE, "counterfoil-method": "GET" }, "GET"],
  ["a form", FORM, "POST"],
  ["a form without a content type", { ...NAVIGATE, origin: "null" }, "POST"],
  ["a form without an origin", { ...NAVIGATE, "content-type": "text/plain" }, "POST"],
  ["a form behind the proxy", { ...FORM, "counterfoil-method": "POST" }, "POST"],
  ["a form that says it was a GET", { ...FORM, "counterfoil-method": "GET" }, "POST"],
  ["an action that says it was a GET", { "next-action": "40aa", "counterfoil-method": "GET" }, "POST"],
  ["a script's request", { "sec-fetch-mode": "cors" }, "POST"],
  ["a script's request by GET, behind the proxy", { "sec-fetch-mode": "cors", "counterfoil-method": "GET" }, "GET"],
  [
    "a script's request by DELETE, behind the proxy",
    { "sec-fetch-mode": "cors", "counterfoil-method": "DELETE" },
    "DELETE",
  ],
  ["an image", { "sec-fetch-mode": "no-cors" }, "POST"],
  ["a client that is no browser", {}, "POST"],
])("%s: %j counts as %s", (_, headers, expected) => {
  const known = new Headers(headers);
  expect(methodOf(known)).toBe(expected);
});
