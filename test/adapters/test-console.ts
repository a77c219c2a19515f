/** What the console does in every framework. */
import { createSessions, type CounterfoilConfig, type SessionEvents } from "counterfoil";
import type { HttpApp } from "counterfoil/testing";
import { memory } from "counterfoil/memory";
import { expect, onTestFinished, test } from "vitest";
import type { Listening } from "../fixtures/listen.ts";
import { type RawResponse, send, type Sent } from "../http/send.ts";
import { sendHttp2 } from "../../src/lib/testing/http/raw-http2-request.ts";
import type { ConsoleSetup } from "./console-apps.ts";

export interface ConsoleSubject {
  readonly open: (setup: ConsoleSetup) => Promise<Listening>;
  readonly create?: typeof createSessions | undefined;
  readonly protocol?: HttpApp["protocol"];
}

const OWN = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const ALICE = { "x-operator": "alice" };
const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Action = SessionEvents["console-action"];

export async function openConsole(
  subject: ConsoleSubject,
  config: CounterfoilConfig = {},
  given: Partial<ConsoleSetup> = {},
) {
  const { open, create = createSessions, protocol } = subject;
  const clock = { now: 1_790_000_000_000 };
  const sessions = create({ store: memory({ production: true }), ...config, clock: () => clock.now });
  const { port, close } = await open({ sessions, decide: (name) => name, ...given });
  const actions: Action[] = [];
  sessions.on("console-action", (action) => actions.push(action));
  onTestFinished(async () => {
    await close();
    await sessions.close();
  });
  const ask = (sent: Sent): Promise<RawResponse> => (protocol === "h2c" ? sendHttp2(port, sent) : send(port, sent));
  return {
    sessions,
    port,
    clock,
    actions,
    ask,
    get: (path: string, headers = {}) => ask({ path, headers: { ...OWN, ...headers } }),
    post: (path: string, headers = {}) => ask({ method: "POST", path, headers: { ...OWN, ...headers } }),
  };
}

const change = (handle: string): string =>
  `/counterfoil?${new URLSearchParams({ user: '"bob"', do: "revoke", handle }).toString()}`;

export function testConsole(subject: ConsoleSubject): void {
  test("shows its page with a strict policy, its style and its script", async () => {
    const app = await openConsole(subject);
    await app.sessions.createNewSession("bob", {}, {}, { device: { label: "<b>Bob's" } });
    const page = await app.get("/counterfoil?id=bob&type=text", ALICE);
    expect(page.status).toBe(200);
    expect(page.header("content-type")).toBe("text/html; charset=utf-8");
    expect(page.header("content-security-policy")).toBe(CSP);
    expect(page.header("cache-control")).toBe("no-store");
    expect(page.header("x-frame-options")).toBe("DENY");
    expect(page.header("cross-origin-resource-policy")).toBe("same-origin");
    expect(page.text).toContain("&#60;b&#62;Bob&#39;s");
    expect(page.text).toContain("alice");
    for (const [, link = ""] of page.text.matchAll(/(?:href|src|action)="([^"#?]+)/g))
      expect(link).toMatch(/^\/counterfoil(?:\/console\.(?:css|js))?$/);
    for (const [path, type] of [
      ["/counterfoil/console.css", "text/css; charset=utf-8"],
      ["/counterfoil/console.js", "text/javascript; charset=utf-8"],
    ] as const) {
      const file = await app.get(path, { ...ALICE, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "style" });
      expect([file.status, file.header("content-type"), file.header("cache-control")]).toEqual([200, type, "no-store"]);
      expect(file.text.length).toBeGreaterThan(100);
    }
    expect(app.actions).toEqual([{ operator: "alice", action: "list-sessions", userId: "bob", outcome: "done" }]);
  });

  test.each([false, undefined, "", null, {}, 1])(
    "answers as if it were not there where authorize says %j",
    async (says) => {
      const app = await openConsole(subject, {}, { decide: () => says as false });
      const { session } = await app.sessions.createNewSession("bob");
      const other = await app.get("/counterfoiled");
      expect(other.status).toBe(404);
      const told = ({ status, headers, text }: RawResponse): unknown => ({
        status,
        text: text.replaceAll(/\/counterfoil[^\s"]*|GET|POST/g, ""),
        headers: headers.map(([name]) => name),
      });
      for (const path of ["/counterfoil", "/counterfoil?id=bob", "/counterfoil/console.css", "/counterfoil/console.js"])
        expect(told(await app.get(path))).toEqual(told(other));
      const posted = await app.post(change(session.handle));
      expect(told(posted)).toEqual(told(await app.post("/counterfoiled")));
      expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
      expect(app.actions).toEqual([]);
    },
  );

  test("leaves an error of authorize to the framework, which shows nothing of the console", async () => {
    const fault = (): never => {
      throw new Error("the directory of operators is down");
    };
    const app = await openConsole(subject, {}, { decide: fault });
    const { session } = await app.sessions.createNewSession("bob");
    for (const response of [
      await app.get("/counterfoil?id=bob", ALICE),
      await app.post(change(session.handle), ALICE),
    ]) {
      expect(response.status).toBe(500);
      expect(response.text).not.toContain("Session console");
    }
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
    expect(app.actions).toEqual([]);
  });

  test("works below a base path, which a proxy keeps or strips", async () => {
    const app = await openConsole(subject, { http: { basePath: "/shop" } });
    await app.sessions.createNewSession("bob");
    for (const path of ["/counterfoil", "/shop/counterfoil"]) {
      const page = await app.get(`${path}?id=bob`, ALICE);
      expect(page.status).toBe(200);
      const links = [...page.text.matchAll(/(?:href|src|action)="([^"#?]+)/g)].map(([, link]) => link);
      expect(new Set(links)).toEqual(
        new Set(["/shop/counterfoil", "/shop/counterfoil/console.css", "/shop/counterfoil/console.js"]),
      );
    }
  });

  test("refuses changes from pages of other origins, also of trusted ones, and loads nothing into them", async () => {
    const trusted = "https://shop.example";
    const app = await openConsole(subject, { http: { trustedOrigins: [trusted], csrf: "report" } });
    const { session } = await app.sessions.createNewSession("bob");
    for (const headers of [
      { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
      { "sec-fetch-site": "same-site", origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site", origin: trusted },
      { "sec-fetch-site": undefined, origin: "https://evil.example" },
      { "sec-fetch-site": undefined, origin: trusted },
      { "sec-fetch-site": undefined, origin: "null" },
    ])
      expect([headers, (await app.post(change(session.handle), { ...ALICE, ...headers })).status]).toEqual([
        headers,
        403,
      ]);
    const framed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    expect((await app.get("/counterfoil?id=bob", { ...ALICE, ...framed, origin: trusted })).status).toBe(403);
    const unsaid = { ...framed, "sec-fetch-site": undefined };
    expect((await app.get("/counterfoil?id=bob", { ...ALICE, ...unsaid, origin: trusted })).status).toBe(403);
    // A link.
    expect((await app.get("/counterfoil", { ...ALICE, "sec-fetch-site": "cross-site" })).status).toBe(200);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([session.handle]);
    expect(app.actions).toEqual([]);
  });

  test("revokes by a form of its own, and emits what was done", async () => {
    const app = await openConsole(subject);
    const { session } = await app.sessions.createNewSession("bob");
    const page = await app.post(change(session.handle), ALICE);
    expect(page.status).toBe(200);
    expect(page.text).toContain(`<code>${session.handle}</code>`);
    expect(page.text).toContain("is revoked");
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
    expect(app.actions).toEqual([
      { operator: "alice", action: "revoke-session", handle: session.handle, userId: "bob", outcome: "done" },
      { operator: "alice", action: "list-sessions", userId: "bob", outcome: "done" },
    ]);
  });

  test("demands a recent sign-in for a change, if the operator has a session", async () => {
    const app = await openConsole(subject, {}, { maxAuthAge: "5m" });
    const { session } = await app.sessions.createNewSession("bob");
    const operator = await app.sessions.createNewSession("alice");
    const cookie = `${app.sessions.cookieNames.access}=${operator.accessToken.value}`;
    app.clock.now += 6 * 60_000;
    const refused = await app.post(change(session.handle), { ...ALICE, cookie });
    expect(refused.status).toBe(403);
    expect(refused.header("content-type")).toBe("text/html; charset=utf-8");
    expect(refused.text).toContain("older than 5m");
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
    const recent = await app.sessions.createNewSession("alice");
    const allowed = `${app.sessions.cookieNames.access}=${recent.accessToken.value}`;
    expect((await app.post(change(session.handle), { ...ALICE, cookie: allowed })).status).toBe(200);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
  });

  test("refuses other methods", async () => {
    const app = await openConsole(subject);
    expect((await app.ask({ method: "PUT", path: "/counterfoil", headers: { ...OWN, ...ALICE } })).status).toBe(405);
    for (const path of ["/counterfoil/console.css", "/counterfoil/console.js"])
      expect((await app.post(path, ALICE)).status).toBe(405);
  });
}
