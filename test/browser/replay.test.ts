/**
 * A call that was refused is sent again as it was: what the server gets the second time is what it
 * got the first time, and from a plain fetch.
 */
import { expect, test } from "vitest";
import { openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { essence, REFRESH, take } from "./sent-again.ts";
import { describeInAnyBrowser } from "./stage.ts";
import type { Tab } from "./tab.ts";

declare const page: ClientPageScript;

const BODIES = [
  "none",
  "string",
  "URLSearchParams",
  "FormData with files",
  "Blob",
  "Blob of 5 MB",
  "ArrayBuffer",
  "part of a buffer",
  "Request",
  "Request with a FormData",
  "Request and init",
  "URL",
] as const;
type BodyKind = (typeof BODIES)[number];

/**
 * Runs in the page: the same call by the page's own `fetch`, or by the client. Statuses of the
 * answers.
 */
function send({ kind, by }: { readonly kind: BodyKind; readonly by: "page" | "client" }): Promise<number> {
  const bytes = Uint8Array.from({ length: 1000 }, (_, n) => n % 256);
  const form = new FormData();
  form.append("name", "grün");
  form.append("file", new File([bytes], 'a "name".bin', { type: "application/x-test" }));
  form.append("file", new File(["text"], "b.txt", { type: "text/plain" }));
  const large = new Uint8Array(5 * 1024 * 1024).map((_, n) => (n * 7) % 251);
  const calls: Record<BodyKind, () => [RequestInfo | URL, RequestInit?]> = {
    none: () => ["/notes", { method: "POST" }],
    string: () => ["/notes", { method: "POST", body: "grün \u0000 €" }],
    URLSearchParams: () => ["/notes", { method: "POST", body: new URLSearchParams({ a: "1 2", b: "ü&=" }) }],
    "FormData with files": () => ["/notes", { method: "POST", body: form }],
    Blob: () => ["/notes", { method: "POST", body: new Blob([bytes, "end"], { type: "image/x-test" }) }],
    "Blob of 5 MB": () => ["/notes", { method: "POST", body: new Blob([large]) }],
    ArrayBuffer: () => ["/notes", { method: "POST", body: bytes.buffer }],
    "part of a buffer": () => ["/notes", { method: "POST", body: bytes.subarray(10, 300) }],
    Request: () => [new Request("/notes", { method: "POST", body: "of a request", headers: { "x-one": "1" } })],
    "Request with a FormData": () => [new Request("/notes", { method: "POST", body: form })],
    "Request and init": () => [
      new Request("/notes", { method: "PUT", body: "old", headers: { "x-old": "1" } }),
      { method: "POST", body: "new", headers: { "x-new": "1" } },
    ],
    URL: () => [new URL("/notes?q=ü#hash", location.href), { method: "POST", body: "to a URL" }],
  };
  const act = by === "page" ? fetch : page.client.fetch;
  return act(...calls[kind]()).then(({ status }) => status);
}

describeInAnyBrowser("a call that is sent again", (stage) => {
  test("with the same body", async () => {
    const { server, page: client } = await openSignedIn(stage());
    for (const kind of BODIES) {
      // Refused for want of our header, but seen.
      expect(await client.tab.evaluate(send, { kind, by: "page" }), kind).toBe(401);
      server.expire();
      expect(await client.tab.evaluate(send, { kind, by: "client" }), kind).toBe(200);
      const [plain, first, second] = take(server, ["POST /notes 401", "POST /notes 401", "POST /notes 200"]);
      expect(essence(second, true), kind).toEqual(essence(first, true));
      expect(essence(first, false), kind).toEqual(essence(plain, false));
      expect(first.asked["content-length"], kind).toBe(String(first.body?.length ?? 0));
      expect(second.asked["anti-csrf"]).toMatch(/./);
      expect(first.asked["anti-csrf"]).toBe(second.asked["anti-csrf"]);
      expect(second.asked.cookie).not.toBe(first.asked.cookie);
    }
  });

  test("with the same method", async () => {
    const { server, page: client } = await openSignedIn(stage());
    for (const method of ["GET", "get", "HEAD", "head", "PUT", "put", "PATCH", "DELETE", "delete", "POST", "post"]) {
      server.expire();
      const status = client.tab.evaluate(
        async (as) => (await page.client.fetch("/notes", { method: as })).status,
        method,
      );
      expect(await status).toBe(200);
      const name = `${method.toUpperCase()} /notes`;
      const calls = server.takeTraffic();
      expect(calls.map(({ call }) => call)).toEqual([`${name} 401`, REFRESH, `${name} 200`]);
      const isSafe = /^(get|head)$/i.test(method);
      for (const { asked } of calls.filter(({ call }) => call !== REFRESH)) {
        expect([asked["anti-csrf"] === undefined, asked["rid"]]).toEqual([isSafe, isSafe ? undefined : "1"]);
      }
    }
  });

  test("with the same headers", async () => {
    const { server, page: client } = await openSignedIn(stage());
    for (const form of ["object", "array", "Headers", "Request"] as const) {
      server.expire();
      const status = await client.tab.evaluate(async (as) => {
        const list: [string, string][] = [
          ["X-One", "1"],
          ["content-type", "application/x-own"],
          ["X-Two", "a, b"],
          ["accept", "text/x-own"],
        ];
        const headers = { object: Object.fromEntries(list), array: list, Headers: new Headers(list), Request: list }[
          as
        ];
        const init = { method: "POST", body: "x", headers };
        const sent =
          as === "Request" ? page.client.fetch(new Request("/notes", init)) : page.client.fetch("/notes", init);
        return (await sent).status;
      }, form);
      expect(status).toBe(200);
      const [first, second] = take(server, ["POST /notes 401", "POST /notes 200"]);
      expect(essence(second, true)).toEqual(essence(first, true));
      expect(first.asked).toMatchObject({
        "x-one": "1",
        "x-two": "a, b",
        "content-type": "application/x-own",
        accept: "text/x-own",
      });
    }
  });

  test("what the caller changes after the call changes nothing", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    const bodies = await client.tab.evaluate(async () => {
      const bytes = new TextEncoder().encode("first bytes");
      const form = new FormData();
      form.set("name", "first");
      const query = new URLSearchParams("a=first");
      const headers = new Headers({ "x-one": "first" });
      const init: RequestInit = { method: "POST", headers };
      const url = new URL("/notes?first", location.href);
      const calls = [bytes, form, query].map((body) => page.client.fetch(url, { ...init, body }));
      const shared = { ...init, body: "first string" };
      calls.push(page.client.fetch(url, shared));
      bytes.fill(120);
      form.set("name", "changed");
      query.set("a", "changed");
      headers.set("x-one", "changed");
      url.search = "?changed";
      Object.assign(shared, { body: "changed", method: "DELETE" });
      return (await Promise.all(calls)).map(({ status }) => status);
    });
    expect(bodies).toEqual([200, 200, 200, 200]);
    const calls = server.takeTraffic().filter(({ call }) => call.startsWith("POST /notes"));
    expect(calls.length).toBeGreaterThanOrEqual(5);
    for (const { asked, body } of calls) {
      expect(asked["x-one"]).toBe("first");
      expect(body?.toString()).toContain("first");
      expect(body?.toString()).not.toMatch(/changed|xxxx/);
    }
  });

  test.for(["/notes", "/me"])("with the same referrer, its policy, cache mode and credentials: %s", async (path) => {
    const { server, page: client } = await openSignedIn(stage());
    const inits: readonly RequestInit[] = [
      {},
      { referrer: "/somewhere?else", referrerPolicy: "unsafe-url" },
      { referrerPolicy: "no-referrer" },
      { referrer: "" },
      { referrerPolicy: "origin" },
      { cache: "no-store" },
      { cache: "no-cache" },
      { cache: "reload" },
      { credentials: "include" },
      { credentials: "same-origin", keepalive: true },
    ];
    for (const init of inits) {
      const call = { path, init: path === "/notes" ? { method: "POST", body: "x", ...init } : init };
      const statusOfPlain = await client.tab.evaluate(async (to) => (await fetch(to.path, to.init)).status, call);
      expect(statusOfPlain).toBe(path === "/notes" ? 401 : 200);
      server.expire();
      expect(await client.tab.evaluate(async (to) => (await page.client.fetch(to.path, to.init)).status, call)).toBe(
        200,
      );
      const [plain, first, second] = take(
        server,
        path === "/notes"
          ? [`POST ${path} 401`, `POST ${path} 401`, `POST ${path} 200`]
          : [`GET ${path} 200`, `GET ${path} 401`, `GET ${path} 200`],
      );
      // Where no referrer is wanted, our mode makes Firefox hide the origin too, as the Fetch
      // standard says.
      if (init.referrerPolicy === "no-referrer" || init.referrer === "") plain.asked.origin = first.asked.origin;
      expect(essence(first, true), JSON.stringify(init)).toEqual(essence(plain, true));
      expect(essence(second, true), JSON.stringify(init)).toEqual(essence(first, true));
      expect(second.asked.cookie).toContain("sAccessToken");
    }
  });

  test("with the same redirect mode", async () => {
    const { server, page: client } = await openSignedIn(stage());
    const modes = ["follow", "manual", "error"] as const;
    for (const [redirect, method] of modes.flatMap((mode) => [[mode, "GET"] as const, [mode, "POST"] as const])) {
      server.expire();
      const route = server.at(`${method} /notes`);
      route.hold("before", 1);
      const outcome = client.tab.evaluate(
        async (init) => {
          const answer = await page.client.fetch("/notes", init).catch((error: Error) => error.name);
          return typeof answer === "string"
            ? answer
            : `${answer.type} ${answer.status} ${new URL(answer.url || "x:/").pathname}`;
        },
        method === "GET" ? { redirect } : { redirect, method, body: "kept" },
      );
      await server.seen(`${method} /notes`);
      // For the second one.
      route.answer(307, { location: "/notes?moved" });
      route.release();
      expect(await outcome).toBe(
        { follow: "basic 200 /notes", manual: "opaqueredirect 0 /notes", error: "TypeError" }[redirect],
      );
      const calls = server.takeTraffic();
      expect(calls.map(({ call }) => call)).toEqual([
        `${method} /notes 401`,
        "POST /session/refresh 200",
        `${method} /notes 307`,
        ...(redirect === "follow" ? [`${method} /notes 200`] : []),
      ]);
      if (method === "POST" && redirect === "follow") expect(calls.at(-1)?.body?.toString()).toBe("kept");
    }
  });

  test.for([1, 2])("the signal ends the call while it is sent, time %i", async (time) => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    const route = server.at("POST /notes");
    route.hold("before", 1);
    await client.tab.evaluate(() => {
      const abort = new AbortController();
      const call = page.client.fetch("/notes", { method: "POST", body: "x", signal: abort.signal });
      Object.assign(globalThis, { abort, outcome: call.then(String, String) });
    });
    await server.seen("POST /notes");
    if (time === 2) {
      server.refresh.hold("before", 1);
      route.release();
      await server.seen("POST /session/refresh");
      route.hold("before", 1);
      server.refresh.release();
      await server.seen("POST /notes", 2);
    }
    const outcome = await client.tab.evaluate(async () => {
      const { abort, outcome: end } = globalThis as unknown as { abort: AbortController; outcome: Promise<string> };
      abort.abort(new RangeError("enough"));
      return end;
    });
    expect(outcome).toBe("RangeError: enough");
    await server.seen("POST /notes gone");
    expect(server.takeCalls()).toEqual(
      time === 1 ? ["POST /notes gone"] : ["POST /notes 401", "POST /session/refresh 200", "POST /notes gone"],
    );
  });

  test("a call whose signal was aborted before is never sent, and a used body throws as in a plain fetch", async () => {
    const { server, page: client } = await openSignedIn(stage());
    const outcomes = await outcomesOfHopelessCalls(client.tab);
    expect(outcomes).toEqual(["AbortError", "TypeError", "TypeError", "TypeError"]);
    expect(server.takeCalls()).toEqual([]);
  });
});

const outcomesOfHopelessCalls = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(async () => {
    const used = new Request("/notes", { method: "POST", body: "x" });
    await used.text();
    const calls = [
      page.client.fetch("/notes", { method: "POST", signal: AbortSignal.abort() }),
      page.client.fetch(used),
      page.client.fetch("/notes", { body: "a GET has none" }),
      page.client.fetch("http://user:secret@host.localhost/"),
    ];
    return Promise.all(calls.map((call) => call.then(String, (error: Error) => error.name)));
  });
