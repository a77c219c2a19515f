import { expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import {
  cleanAddress,
  isPageLoad,
  isRefreshRoute,
  refreshAddress,
  reloadAddress,
  returnAddress,
  toLocalPath,
  toReturnPath,
} from "./page-load.ts";

const NOW = 1_790_000_000_000;
const { cookie, http } = parseConfig({});
const POLICY = { cookie, http };
const at = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): HttpExchange =>
  ({ url, method, header: (name: string) => headers[name] }) as HttpExchange;

test.each([
  ["/page", "/page"],
  ["/a/../b?c=d", "/b?c=d"],
  ["/a//b", "/a//b"],
  ["/?to=//evil.example", "/?to=//evil.example"],
  ["/page#part", "/page"],
  ["//evil.example", undefined],
  ["/\\evil.example", undefined],
  ["/a\\b", undefined],
  ["/..//evil.example", undefined],
  ["/.//evil.example", undefined],
  ["https://evil.example/", undefined],
  ["javascript:alert(1)", undefined],
  ["page", undefined],
  ["", undefined],
  ["/\tevil", undefined],
  ["/a b", undefined],
  ["/é", undefined],
  ["/a\r\nset-cookie: b", undefined],
])("toLocalPath(%j) is %j", (text, path) => {
  expect(toLocalPath(text)).toBe(path);
});

test.each([
  ["/page", `/page?session-refreshed=${NOW}`, "/page"],
  ["/page?a=1", `/page?a=1&session-refreshed=${NOW}`, "/page?a=1"],
  ["/page?a=%20x&b", `/page?a=%20x&b&session-refreshed=${NOW}`, "/page?a=%20x&b"],
  [`/page?session-refreshed=1&a=1`, `/page?a=1&session-refreshed=${NOW}`, "/page?a=1"],
])("%s comes back as %s, and is cleaned to what it was", (url, marked, clean) => {
  expect(returnAddress(url, NOW)).toBe(marked);
  expect(cleanAddress(at(marked), POLICY, NOW + 29_999)).toBe(clean);
  expect(cleanAddress(at(marked), POLICY, NOW + 30_000)).toBeUndefined();
  expect(cleanAddress(at(url), POLICY, NOW)).toBeUndefined();
});

test("a page is loaded again once, and may go through the refresh route after that", () => {
  const again = reloadAddress(at("/page?a=1"), POLICY, NOW) ?? "";
  expect(again).toBe(`/page?a=1&session-cleared=${NOW}`);
  expect(reloadAddress(at(again), POLICY, NOW + 29_999)).toBeUndefined();
  expect(reloadAddress(at(again), POLICY, NOW + 30_000)).toBe(`/page?a=1&session-cleared=${NOW + 30_000}`);
  expect(cleanAddress(at(again), POLICY, NOW)).toBe("/page?a=1");
  const away = refreshAddress(at(again), POLICY, NOW);
  expect(away).toBe(`/session/refresh?to=${encodeURIComponent(again)}`);
  expect(returnAddress(again, NOW)).toBe(`/page?a=1&session-refreshed=${NOW}`);
  expect(reloadAddress(at("//evil.example/"), POLICY, NOW)).toBeUndefined();
});

test.each([
  ["/session/refresh", true],
  ["/session/refresh/?a#b", true],
  ["/%73ession%2Frefresh", true],
  ["/a/%2e%2e/SESSION//refresh;a=b", true],
  ["/session/refreshed", false],
  ["/session", false],
  ["/page?to=/session/refresh", false],
  ["/%E0%A4%A/session/refresh", false],
])("%s leads to the refresh route: %j", (url, expected) => {
  expect(isRefreshRoute(url, POLICY)).toBe(expected);
});

test("a path that a browser would take for another origin is neither sent away nor cleaned", () => {
  for (const path of ["//evil.example/", "/\\evil.example", "/..//evil.example"]) {
    expect(refreshAddress(at(path), POLICY, NOW)).toBeUndefined();
    expect(cleanAddress(at(`${path}?session-refreshed=${NOW}`), POLICY, NOW)).toBeUndefined();
  }
});

test.each([
  ["a navigation", { "sec-fetch-mode": "navigate" }, "GET", true],
  ["a fetch", { "sec-fetch-mode": "cors", accept: "text/html" }, "GET", false],
  ["an old browser that wants HTML", { accept: "text/html,*/*" }, "GET", true],
  ["a client that wants anything", { accept: "*/*" }, "GET", false],
  ["a client that says nothing", {}, "GET", false],
  ["a form", { "sec-fetch-mode": "navigate" }, "POST", false],
])("%s: page load %j %s %s", (_, headers, method, expected) => {
  expect(isPageLoad(at("/", headers as Readonly<Record<string, string>>, method))).toBe(expected);
});

const SHOP = parseConfig({ http: { basePath: "/shop" } });

test.each([
  ["stripped", "/notes?page=1", "/shop/notes?page=1"],
  ["kept", "/shop/notes?page=1", "/shop/notes?page=1"],
  ["kept, the page at its very beginning", "/shop?page=1", "/shop?page=1"],
  ["stripped, a page with a name that begins as it", "/shopping", "/shop/shopping"],
  ["stripped, no other origin once it stands there", "//evil.example/", "/shop//evil.example/"],
])("below a base path, %s: %s is sent away from %s and comes back there", (_, url, address) => {
  expect(refreshAddress(at(url), SHOP, NOW)).toBe(`/shop/session/refresh?to=${encodeURIComponent(address)}`);
  expect(toReturnPath(address, SHOP)).toBe(address);
  const marked = returnAddress(address, NOW);
  expect(cleanAddress(at(marked.slice(address.length - url.length)), SHOP, NOW)).toBe(address);
  const again = reloadAddress(at(url), SHOP, NOW) ?? "";
  expect(again).toBe(`${address}${address.includes("?") ? "&" : "?"}session-cleared=${NOW}`);
});

test.each(["http://evil.example/", "*", "", "evil"])(
  "a target that is no path is no page below a base path: %j",
  (url) => {
    expect(refreshAddress(at(url), SHOP, NOW)).toBeUndefined();
    expect(reloadAddress(at(url), SHOP, NOW)).toBeUndefined();
  },
);

test.each([
  "/",
  "/blog/notes",
  "/shopping",
  "/SHOP/notes",
  "/shop/../blog",
  "/shop/%2e%2e/blog",
  "/shop/session/refresh",
  "/shop/session/refresh/?to=%2Fshop",
  "/shop//Session/%72efresh",
  "/shop/shop/session/refresh",
  "//shop/notes",
])("below a base path a page load comes back neither to another app nor to the refresh route: %s", (to) => {
  expect(toReturnPath(to, SHOP)).toBeUndefined();
});
