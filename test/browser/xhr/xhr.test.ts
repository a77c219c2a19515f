/** `XMLHttpRequest` with a session, compared with the browser's own. */
import { expect, test } from "vitest";
import { MINUTE } from "../../fixtures/constants.ts";
import { passInPage } from "../page-clocks.ts";
import { serveScript } from "../serve-script.ts";
import { describeInAnyBrowser } from "../stage.ts";
import type { BodyKind, XhrPageScript } from "./page-script.ts";
import { openXhr, XhrPage } from "./xhr-page.ts";

declare const page: XhrPageScript;

const REFUSED = ["GET /me 401", "POST /session/refresh 200", "GET /me 200"];

describeInAnyBrowser("XMLHttpRequest", (stage) => {
  test("looks as the browser's own, also where the first answer was a refusal", async () => {
    const { server, page: own } = await openXhr(stage());
    const native = await own.sendNatively({ url: "/me" });
    expect(native.events.slice(0, 3)).toEqual(["readystatechange 1", "loadstart 1", "readystatechange 2"]);
    expect(await own.send({ url: "/me" })).toEqual({ ...native, withCredentials: true });
    server.takeCalls();
    server.expire();
    expect(await own.send({ url: "/me", timeout: 20_000 })).toEqual({
      ...native,
      withCredentials: true,
      timeout: 20_000,
    });
    expect(server.takeCalls()).toEqual(REFUSED);
  });

  test.for<BodyKind>(["none", "string", "params", "blob", "buffer", "view", "document", "form"])(
    "a body of kind %s arrives twice as it was",
    async (body) => {
      const { server, page: own } = await openXhr(stage());
      const headers = [
        ["x-note", "1"],
        ["x-note", "2"],
        ["anti-csrf", "from the app"],
      ] as const;
      await own.sendNatively({ url: "/open", method: "POST", body });
      const [native] = server.takeTraffic();
      server.expire();
      expect(await own.send({ url: "/notes", method: "POST", headers, body })).toMatchObject({ status: 200 });
      const [first, refresh, second] = server.takeTraffic();
      expect([first, refresh, second].map((one) => one?.call)).toEqual([
        "POST /notes 401",
        "POST /session/refresh 200",
        "POST /notes 200",
      ]);
      for (const sent of [first, second]) {
        const boundary = /boundary=(.*)/.exec(sent?.asked["content-type"] ?? "")?.[1] ?? "no boundary";
        const expected = /boundary=(.*)/.exec(native?.asked["content-type"] ?? "")?.[1] ?? "no boundary";
        expect(sent?.body?.toString().replaceAll(boundary, "B")).toBe(
          native?.body?.toString().replaceAll(expected, "B"),
        );
        expect(sent?.asked["content-type"]?.replace(boundary, "B")).toBe(
          native?.asked["content-type"]?.replace(expected, "B"),
        );
        expect(sent?.asked).toMatchObject({ "x-note": "1, 2" });
        expect(sent?.asked["anti-csrf"]).toMatch(/^[\w.-]{20,}$/);
      }
    },
  );

  test.for([
    ["text", "<note>grün</note>"],
    ["blob", "Blob <note>grün</note>"],
    ["arraybuffer", "ArrayBuffer <note>grün</note>"],
    ["document", "Document grün"],
  ] as const)("response type %s", async ([responseType, text]) => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    expect(await own.send({ url: "/file", responseType })).toMatchObject({ status: 200, text });
    server.expire();
    const json = await own.send({ url: "/me", responseType: "json" });
    expect(json.text).toBe('JSON {"user":"alice","claims":{}}');
    expect(server.count("session-refreshed")).toBe(2);
  });

  test("an abort while a refused request waits for the refresh", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    server.refresh.hold();
    await own.begin({ url: "/me" });
    await server.seen("POST /session/refresh");
    expect(await own.abort()).toBe(true);
    expect(await own.end()).toMatchObject({
      events: ["readystatechange 1", "loadstart 1", "readystatechange 4", "abort 4", "loadend 4"],
      status: 0,
      text: "",
    });
    server.refresh.release();
    expect(await own.send({ url: "/open" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /open 200"]);
  });

  test("an abort before it is sent", async () => {
    const { server, page: own } = await openXhr(stage());
    server.refresh.hold();
    await own.tab.evaluate(() => void page.client.refresh());
    await server.seen("POST /session/refresh");
    await own.begin({ url: "/notes", method: "POST", body: "string", watchesUpload: true });
    expect(await own.abort()).toBe(true);
    expect(await own.end()).toMatchObject({
      events: ["readystatechange 1", "loadstart 1", "readystatechange 4", "abort 4", "loadend 4"],
      upload: [],
    });
    server.refresh.release();
    expect(await own.send({ url: "/open" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200", "GET /open 200"]);
  });

  test("an abort while the server works, and after the end", async () => {
    const { server, page: own } = await openXhr(stage());
    server.at("GET /open").hang();
    await own.begin({ url: "/open" });
    await server.seen("GET /open");
    expect(await own.abort()).toBe(true);
    expect((await own.end()).events.slice(-3)).toEqual(["readystatechange 4", "abort 4", "loadend 4"]);
    await own.begin({ url: "/me" });
    const before = await own.end();
    await own.abort();
    expect((await own.end()).events).toEqual(before.events);
    expect(await own.tab.evaluate(() => page.current!.xhr.readyState)).toBe(0);
  });

  test("a time limit counts for each request", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    server.refresh.hold();
    await own.begin({ url: "/me", timeout: 4000 });
    await server.seen("POST /session/refresh");
    server.at("GET /me").hang();
    server.refresh.release();
    expect(await own.end()).toMatchObject({
      events: ["readystatechange 1", "loadstart 1", "readystatechange 4", "timeout 4", "loadend 4"],
      status: 0,
    });
    // The server hears a moment later that nobody waits any more.
    await server.seen("GET /me gone");
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me gone"]);
  });

  test("an upload that is repeated is seen once", async () => {
    const { server, page: own } = await openXhr(stage());
    const size = 4_000_000;
    server.expire();
    const report = await own.send({ url: "/notes", method: "POST", body: "large", size, watchesUpload: true });
    expect(report).toMatchObject({ status: 200, upload: ["loadstart", "load", "loadend"] });
    expect(report.loaded).toEqual(report.loaded.toSorted((a, b) => a - b));
    expect([report.loaded[0], report.loaded.at(-1)]).toEqual([0, size]);
    const traffic = server.takeTraffic();
    expect(traffic.map(({ call, body }) => `${call} ${body?.length}`)).toEqual([
      `POST /notes 401 ${size}`,
      "POST /session/refresh 200 undefined",
      `POST /notes 200 ${size}`,
    ]);
  });

  test("somebody else's refusal stands, after one call", async () => {
    const { server, page: own } = await openXhr(stage());
    const call = { url: "/password", method: "POST", body: "string" } as const;
    const native = await own.sendNatively(call);
    server.takeCalls();
    expect(await own.send(call)).toEqual({ ...native, withCredentials: true });
    expect(server.takeCalls()).toEqual(["POST /password 401"]);
  });

  test("an API that always refuses gets two calls and one refresh", async () => {
    const { server, page: own } = await openXhr(stage());
    expect(await own.send({ url: "/always-refused" })).toMatchObject({ status: 401 });
    expect(server.takeCalls()).toEqual([
      "GET /always-refused 401",
      "POST /session/refresh 200",
      "GET /always-refused 401",
    ]);
  });

  test("a refresh that fails: the answer that there is stands, and says why", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    const native = await own.sendNatively({ url: "/me" });
    server.refresh.answer(503, { "retry-after": "60" });
    server.takeCalls();
    expect(await own.send({ url: "/me" })).toEqual({ ...native, withCredentials: true, code: "REFRESH_FAILED" });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 503"]);
  });

  test("a refresh that fails before it is sent: an error, and no call", async () => {
    const { server, page: own } = await openXhr(stage());
    await passInPage(own.tab, 15 * MINUTE);
    server.expire();
    server.refresh.answer(503);
    expect(await own.send({ url: "/notes", method: "POST", body: "string", watchesUpload: true })).toMatchObject({
      events: ["readystatechange 1", "loadstart 1", "readystatechange 4", "error 4", "loadend 4"],
      status: 0,
      code: "REFRESH_FAILED",
    });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 503"]);
  });

  test("is put in the place of the browser's own, and taken back in any order", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    const seen = await own.tab.evaluate(async () => {
      const original = XMLHttpRequest;
      const undoFirst = page.intercept(page.client);
      const undoSecond = page.intercept(page.create());
      const { status } = await page.sendNatively({ url: "/me" });
      const Own = XMLHttpRequest;
      undoFirst();
      const isInner = XMLHttpRequest === Own;
      undoSecond();
      const isOriginal = XMLHttpRequest === original;
      const undoOuter = [page.intercept(page.client), page.intercept(page.create())].toReversed();
      const seenBackwards = undoOuter.map((undo) => {
        undo();
        return XMLHttpRequest === original;
      });
      return [status, isInner, isOriginal, ...seenBackwards];
    });
    expect(seen).toEqual([200, true, true, false, true]);
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("ten of them and ten fetches: one refresh", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    server.gather(4);
    const statuses = await own.tab.evaluate(async () => {
      const numbers = Array.from({ length: 10 }, (_, n) => n);
      const xhrs = numbers.map(async (n) => (await page.send({ url: `/me?x${n}` })).status);
      const fetches = numbers.map(async (n) => (await page.client.fetch(`/me?f${n}`)).status);
      return Promise.all([...xhrs, ...fetches]);
    });
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("may be used again, and not twice at once", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    const seen = await own.tab.evaluate(async () => {
      const xhr = new page.SessionXhr();
      const names: string[] = [];
      const once = (url: string): Promise<number> =>
        new Promise((resolve) => {
          xhr.addEventListener("load", () => resolve(xhr.status), { once: true });
          xhr.open("GET", url);
          xhr.send();
          for (const act of [() => xhr.send(), () => xhr.setRequestHeader("x-late", "1")]) {
            try {
              act();
            } catch (error) {
              names.push((error as Error).name);
            }
          }
        });
      return [await once("/me"), await once("/password"), await once("/open"), ...names];
    });
    expect(seen).toEqual([200, 404, 200, ...Array.from({ length: 6 }, () => "InvalidStateError")]);
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("a synchronous request goes out as it is", async () => {
    const { server, page: own } = await openXhr(stage());
    server.expire();
    const status = await own.tab.evaluate(() => {
      const xhr = new page.SessionXhr();
      xhr.open("GET", "/me", false);
      xhr.send();
      return [xhr.status, xhr.readyState, xhr instanceof XMLHttpRequest, page.SessionXhr.DONE];
    });
    expect(status).toEqual([401, 4, true, 4]);
    expect(server.takeCalls()).toEqual(["GET /me 401"]);
  });

  test("another origin gets nothing of ours, and is not asked for leave", async () => {
    const { server, page: own } = await openXhr(stage());
    const other = await stage().serve();
    const url = `${other.origin}/open`;
    await own.tab.evaluate(async (to) => {
      const xhr = new page.SessionXhr();
      const ended = new Promise((resolve) => (xhr.onloadend = resolve));
      if ("upload" in xhr && xhr.upload !== null) xhr.open("POST", to);
      xhr.send("x");
      await ended;
    }, url);
    const traffic = other.takeTraffic();
    expect(traffic.map(({ call }) => call)).toEqual(["POST /open 404"]);
    expect(traffic[0]?.asked).not.toHaveProperty("rid");
    expect(traffic[0]?.asked).not.toHaveProperty("anti-csrf");
    expect(traffic[0]?.asked).not.toHaveProperty("cookie");
    expect(server.takeCalls()).toEqual([]);
  });

  test("an API of another origin gets the cookies", async () => {
    const pages = await stage().serve();
    const { server } = await openXhr(stage(), { http: { trustedOrigins: [pages.origin] } });
    serveScript(pages, "xhr", import.meta.resolve("./page-script.ts"));
    const own = await new XhrPage(await stage().newTab()).open(pages, { api: server.origin });
    await own.signIn(`${server.origin}/login`);
    server.takeCalls();
    server.expire();
    const call = { url: `${server.origin}/notes`, method: "POST", body: "form", watchesUpload: true } as const;
    expect(await own.send(call)).toMatchObject({ status: 200, upload: ["loadstart", "load", "loadend"] });
    expect(server.takeCalls()).toEqual(["POST /notes 401", "POST /session/refresh 200", "POST /notes 200"]);
  });
});
