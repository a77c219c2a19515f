import { expect, test } from "vitest";
import type { HttpExchange } from "./exchange.ts";
import {
  cleanAddress,
  isPageLoad,
  isSameRoute,
  refreshAddress,
  reloadAddress,
  returnAddress,
  toLocalPath,
} from "./page-load.ts";

const NOW = 1_790_000_000_000;
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
  expect(cleanAddress(at(marked), NOW + 29_999)).toBe(clean);
  expect(cleanAddress(at(marked), NOW + 30_000)).toBeUndefined();
  expect(cleanAddress(at(url), NOW)).toBeUndefined();
});

test("a page is loaded again once, and may go through the refresh route after that", () => {
  const again = reloadAddress(at("/page?a=1"), NOW) ?? "";
  expect(again).toBe(`/page?a=1&session-cleared=${NOW}`);
  expect(reloadAddress(at(again), NOW + 29_999)).toBeUndefined();
  expect(reloadAddress(at(again), NOW + 30_000)).toBe(`/page?a=1&session-cleared=${NOW + 30_000}`);
  expect(cleanAddress(at(again), NOW)).toBe("/page?a=1");
  const away = refreshAddress(at(again), "/session/refresh", NOW);
  expect(away).toBe(`/session/refresh?to=${encodeURIComponent(again)}`);
  expect(returnAddress(again, NOW)).toBe(`/page?a=1&session-refreshed=${NOW}`);
  expect(reloadAddress(at("//evil.example/"), NOW)).toBeUndefined();
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
  expect(isSameRoute(url, "/session/refresh")).toBe(expected);
});

test("a path that a browser would take for another origin is neither sent away nor cleaned", () => {
  for (const path of ["//evil.example/", "/\\evil.example", "/..//evil.example"]) {
    expect(refreshAddress(at(path), "/session/refresh", NOW)).toBeUndefined();
    expect(cleanAddress(at(`${path}?session-refreshed=${NOW}`), NOW)).toBeUndefined();
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
