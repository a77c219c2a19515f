import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { describeDevice } from "./device.ts";

test.each([
  ["203.0.113.77", "203.0.113.0/24"],
  ["0.0.0.0", "0.0.0.0/24"],
  ["::ffff:203.0.113.77", "203.0.113.0/24"],
  ["::FFFF:203.0.113.77", "203.0.113.0/24"],
  ["2001:db8:abcd:12::1", "2001:db8:abcd::/48"],
  ["2001:DB8:ABCD:0012:0000:0000:0000:0001", "2001:db8:abcd::/48"],
  ["2001:0db8:0001:2::", "2001:db8:1::/48"],
  ["2001::1", "2001::/48"],
  ["::1", "::/48"],
  ["::", "::/48"],
  ["fe80::1%eth0", "fe80::/48"],
])("of the address %s only the network %s is kept", (ip, network) => {
  expect(describeDevice({ ip })).toEqual({ ip: network });
});

test.each([
  "",
  "unknown",
  "localhost",
  "203.0.113",
  "203.0.113.7, 10.0.0.1",
  "203.0.113.7:443",
  "[::1]",
  "1.2.3.4.5",
  "x".repeat(1e6),
  "::".repeat(1e5),
])("%s is no address and nothing is kept of it", (ip) => expect(describeDevice({ ip })).toEqual({}));

const MOZILLA = "Mozilla/5.0";
const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
const CHROME = `${WEBKIT} Chrome/140.0.0.0`;
test.each([
  [`${MOZILLA} (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0`, "Firefox on Linux"],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`, "Chrome on Windows"],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/140.0.0.0`, "Edge on Windows"],
  [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 OPR/120.0.0.0`, "Opera on Windows"],
  [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36 Vivaldi/7.1`, "Vivaldi on macOS"],
  [
    `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`,
    "Safari on macOS",
  ],
  [
    `${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1`,
    "Safari on iPhone",
  ],
  [
    `${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Mobile/15E148 Safari/604.1`,
    "Chrome on iPhone",
  ],
  [
    `${MOZILLA} (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/143.0 Mobile/15E148 Safari/605.1.15`,
    "Firefox on iPad",
  ],
  [
    `${MOZILLA} (Linux; Android 15; SM-S921B) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    "Samsung Internet on Android",
  ],
  [`${MOZILLA} (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36 EdgA/140.0.0.0`, "Edge on Android"],
  [`${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, "Chrome on ChromeOS"],
  [`${MOZILLA} (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36`, "Chrome (headless) on Linux"],
  ["curl/8.10.1", "curl"],
  ["okhttp/4.12.0", "App"],
  ["MyApp/1 CFNetwork/1568 Darwin/24.0.0", "App on macOS"],
  ["Something (Windows NT 10.0)", "Windows"],
  ["", "Unknown device"],
  ["Googlebot/2.1", "Unknown device"],
  [`${"x".repeat(511)} Firefox/143.0 (Linux)`, "Unknown device"],
])("%s is %s", (userAgent, name) => {
  expect(describeDevice({ userAgent })).toEqual({ userAgent: name });
});

test("what a request does not tell stays as it was", () => {
  const before = { ip: "203.0.113.0/24", userAgent: "Firefox on Linux", label: "Work laptop" };
  expect(describeDevice(undefined, before)).toEqual(before);
  expect(describeDevice({ ip: undefined, userAgent: undefined, label: undefined }, before)).toEqual(before);
  expect(describeDevice({ ip: "::1" }, before)).toEqual({ ...before, ip: "::/48" });
  expect(describeDevice({ ip: "nonsense", label: "Phone" }, before)).toEqual({ ...before, label: "Phone" });
});

test("a label is cut at 100 characters", () => {
  expect(describeDevice({ label: "x".repeat(100) })).toEqual({ label: "x".repeat(100) });
  expect(describeDevice({ label: "x".repeat(101) })).toEqual({ label: "x".repeat(100) });
  expect(describeDevice({ label: `${"x".repeat(99)}😀😀` })).toEqual({ label: `${"x".repeat(99)}😀` });
  expect(describeDevice({ label: "a\ud83d" })).toEqual({ label: "a\ufffd" });
});

test("any text gives short facts and no fault", () => {
  const text = anyText({ maxLength: 2000 });
  fc.assert(
    fc.property(
      text,
      text,
      text,
      (ip, userAgent, label) => JSON.stringify(describeDevice({ ip, userAgent, label })).length < 1000,
    ),
  );
  expect(describeDevice({ userAgent: "Firefox/".repeat(1e6) })).toEqual({ userAgent: "Firefox" });
});

test.each(["999.999.999.999", "1:", ":::", "1::2::3", "a:b", "123456789:1:1:1:1:1:1:1", "1:2:3:4:5:6:7:8:9"])(
  "%s is no address either, and nothing is kept of it",
  (ip) => expect(describeDevice({ ip })).toEqual({}),
);
