import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { SeenCall } from "./call-log.ts";
import type { SessionServer } from "./session-server.ts";

const digest = (body: Buffer | undefined): string =>
  createHash("sha256")
    .update(body ?? "")
    .digest("hex");

/**
 * All that must be the same each time; the mode keeps our headers from other origins. The boundary
 * is one of the call's own.
 */
export function essence({ asked, body }: SeenCall, withBoundary: boolean) {
  const { cookie: _cookie, "anti-csrf": _token, rid: _rid, "sec-fetch-mode": _mode, ...headers } = asked;
  const boundary = /boundary=(\S+)/.exec(headers["content-type"] ?? "")?.[1];
  if (boundary === undefined || withBoundary) return { headers, body: digest(body) };
  const text = body!.toString("latin1").replaceAll(boundary, "");
  const type = headers["content-type"]!.replace(boundary, "");
  // Firefox makes boundaries of several lengths.
  return { headers: { ...headers, "content-type": type, "content-length": "" }, body: digest(Buffer.from(text)) };
}

export const REFRESH = "POST /session/refresh 200";

/** The calls, which are these ones in this order, before the last of which there was a refresh. */
export function take<const Names extends readonly string[]>(server: SessionServer, names: Names) {
  const calls = server.takeTraffic();
  expect(calls.map(({ call }) => call)).toEqual([...names.slice(0, -1), REFRESH, ...names.slice(-1)]);
  return calls.filter(({ call }) => call !== REFRESH) as unknown as { readonly [Key in keyof Names]: SeenCall };
}
