import { expect, test } from "vitest";
import { appPaths, publicUrl } from "./base-path.ts";

test.each([
  ["", "/session/refresh", ["/session/refresh"]],
  ["", "/session/refresh/", ["/session/refresh"]],
  ["", "/session/refresh//", ["/session/refresh/"]],
  ["", "/", [""]],
  ["/shop", "/shop/session/refresh", ["/session/refresh", "/shop/session/refresh"]],
  ["/shop", "/shop/session/refresh/", ["/session/refresh", "/shop/session/refresh"]],
  ["/shop", "/session/refresh", ["/session/refresh"]],
  ["/shop", "/shopping/session/refresh", ["/shopping/session/refresh"]],
  ["/shop", "/shop", ["", "/shop"]],
  ["/a/b", "/b/session/refresh", ["/b/session/refresh"]],
])("below %j the path %s can mean %j", (basePath, path, paths) => {
  expect(appPaths(path, basePath)).toEqual(paths);
});

test.each([
  ["", "/notes?a=/b", "/notes?a=/b"],
  ["/shop", "/notes", "/shop/notes"],
  ["/shop", "/", "/shop/"],
  ["/shop", "/?a", "/shop/?a"],
  ["/shop", "/shop?a", "/shop?a"],
  ["/shop", "/shop#a", "/shop#a"],
  ["/shop", "*", "*"],
  ["/shop", "https://evil.example/", "https://evil.example/"],
])("below %j browsers see %s at %s", (basePath, url, seen) => {
  expect(publicUrl({ url }, basePath)).toBe(seen);
});
