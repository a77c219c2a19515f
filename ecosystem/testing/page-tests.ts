/** What an app's own tests of pages do, in a DOM that is none: run in each of them. */
import { act, createElement, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { createSessionClient, SessionClientError } from "counterfoil/browser";
import { withDevices } from "counterfoil/devices";
import { SessionProvider, SignedIn, useOwnSessions, useSessionClient, useSessionEvent } from "counterfoil/react";
import { onStepUp } from "counterfoil/step-up";
import { fakeSessionClient } from "counterfoil/testing";
import { createSessionXhr } from "counterfoil/xhr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

interface Claims {
  readonly role: string;
}

const STEP_UP = { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication"' } };

export function testPages(): void {
  let root: Root;

  beforeEach(() => {
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    document.body.innerHTML = "<main></main>";
    root = createRoot(document.querySelector("main") as HTMLElement);
  });

  afterEach(async () => {
    await act(async () => root.unmount());
    vi.unstubAllGlobals();
  });

  const text = (): string | null => document.body.textContent;
  const render = (element: ReactElement): Promise<void> => act(async () => root.render(element));

  /** A `fetch` that answers 200, and the absolute URLs that it was asked for. */
  function stubFetch(respond: () => Response = () => Response.json({ ok: true })) {
    const stub = vi.fn<typeof fetch>(async () => respond());
    vi.stubGlobal("fetch", stub);
    return stub;
  }

  describe("the real client with a stubbed fetch", () => {
    test("calls a relative address of the page", async () => {
      const stub = stubFetch();
      const client = createSessionClient();
      expect(await (await client.fetch("/api/me?a=b")).json()).toEqual({ ok: true });
      await client.fetch("likes", { method: "POST", body: "x" });
      await client.signIn(new URL("/login", location.href), { method: "POST" });
      const sent = stub.mock.calls.map(([input]) => input as Request);
      expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
        `GET ${location.origin}/api/me?a=b`,
        `POST ${location.origin}/likes`,
        `POST ${location.origin}/login`,
      ]);
      client.dispose();
    });

    test("resolves an address against the base of the document", async () => {
      const stub = stubFetch();
      const base = document.head.appendChild(document.createElement("base"));
      base.href = `${location.origin}/shop/`;
      const client = createSessionClient();
      await client.fetch("api/me");
      base.remove();
      client.dispose();
      const sent = stub.mock.calls.map(([input]) => (input as Request).url);
      expect(sent).toEqual([`${location.origin}/shop/api/me`]);
    });

    test("learns of a sign-in from the headers of the server", async () => {
      const issued = Date.now();
      const marker = `1.${"h".repeat(24)}.1.${issued}.${issued + 900_000}`;
      const user = JSON.stringify({ handle: "h".repeat(24), userId: "alice", claims: {} });
      stubFetch(() => {
        document.cookie = `sIdRefreshToken=${marker}; path=/`;
        return new Response("", { headers: { "counterfoil-session": marker, "counterfoil-user": user } });
      });
      const client = createSessionClient();
      await client.signIn("/login", { method: "POST" });
      expect(client.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      client.dispose();
      document.cookie = "sIdRefreshToken=; path=/; max-age=0";
      localStorage.clear();
    });
  });

  describe("fakeSessionClient", () => {
    const Page = (): ReactElement =>
      createElement(SignedIn<Claims>, {
        fallback: "please sign in",
        loading: "one moment",
        children: ({ userId, claims }) => `${userId}, ${claims.role}`,
      });

    test("is the client of a provider, without a cast", async () => {
      const client = fakeSessionClient<Claims>({ userId: "alice", claims: { role: "admin" } });
      await render(createElement(SessionProvider, { client }, createElement(Page)));
      expect(text()).toBe("alice, admin");
      for (const [state, seen] of [
        [{ userId: "alice", claims: { role: "member" } }, "alice, member"],
        [{ userId: "bob", claims: { role: "member" } }, "bob, member"],
        [{ status: "signed-out", reason: "ended" }, "please sign in"],
        [{ status: "loading" }, "one moment"],
      ] as const) {
        await act(async () => client.setState(state));
        expect(text()).toBe(seen);
      }
    });

    test("signs in and out for the buttons of a page, and tells it the events", async () => {
      const stub = stubFetch();
      const heard: string[] = [];
      const Buttons = (): ReactElement => {
        const client = useSessionClient();
        useSessionEvent("signed-in", ({ userId }) => heard.push(`in ${userId}`));
        useSessionEvent("signed-out", ({ reason }) => heard.push(`out ${reason}`));
        useSessionEvent("refresh-failed", ({ code }) => heard.push(code));
        return createElement("p", null, [
          createElement("button", {
            key: 1,
            id: "in",
            onClick: () => void client.signIn("/login", { method: "POST" }),
          }),
          createElement("button", { key: 2, id: "out", onClick: () => void client.signOut() }),
        ]);
      };
      const user = { userId: "alice", claims: { role: "admin" } };
      const client = fakeSessionClient<Claims>(undefined, { user });
      await render(createElement(SessionProvider, { client }, createElement(Buttons), createElement(Page)));
      const click = (id: string): Promise<void> => act(async () => document.getElementById(id)?.click());
      expect(text()).toBe("please sign in");
      await click("in");
      expect(text()).toBe("alice, admin");
      await click("out");
      expect(text()).toBe("please sign in");
      client.emit("refresh-failed", new SessionClientError("REFRESH_UNREACHABLE"));
      expect(heard).toEqual(["in alice", "out sign-out", "REFRESH_UNREACHABLE"]);
      expect(stub.mock.calls).toEqual([["/login", { method: "POST" }]]);
    });

    test("lists devices, for the hook and with withDevices", async () => {
      const session = {
        handle: "h",
        current: true,
        createdAt: 1,
        lastSeenAt: 1,
        expiresAt: 2,
        device: {},
        binding: null,
      };
      const stub = stubFetch(() => Response.json({ sessions: [session] }));
      const Devices = (): string =>
        useOwnSessions()
          .sessions.map(({ handle }) => `device ${handle}`)
          .join();
      const client = fakeSessionClient({ userId: "alice" });
      await render(createElement(SessionProvider, { client }, createElement(Devices)));
      await vi.waitFor(() => expect(text()).toBe("device h"));
      expect((await withDevices(client).sessions()).sessions).toEqual([session]);
      expect(stub.mock.calls.map(([input]) => new URL(input as string).pathname)).toEqual([
        "/session/sessions",
        "/session/sessions",
      ]);
    });

    test("sends a call again after a step-up", async () => {
      let isFresh = false;
      const stub = stubFetch(() => (isFresh ? Response.json({ changed: true }) : new Response("{}", STEP_UP)));
      const client = fakeSessionClient({ userId: "alice" });
      const stop = onStepUp(client, async () => (isFresh = true));
      expect(await (await client.fetch("/api/password", { method: "POST", body: "new" })).json()).toEqual({
        changed: true,
      });
      expect(stub).toHaveBeenCalledTimes(2);
      isFresh = false;
      const { sessionError } = await client.fetch("/api/password", { method: "POST", body: new ReadableStream() });
      expect(sessionError?.code).toBe("BODY_NOT_REPLAYABLE");
      stop();
    });

    test("intercepts the fetch of the page, and gives it back", async () => {
      const stub = stubFetch();
      const client = fakeSessionClient({ userId: "alice" });
      const restore = client.intercept();
      expect(fetch).not.toBe(stub);
      await fetch("/api/me");
      restore();
      expect(fetch).toBe(stub);
      expect(stub.mock.calls).toEqual([["/api/me", undefined]]);
    });

    test("makes an XMLHttpRequest", () => {
      const Xhr = createSessionXhr(fakeSessionClient({ userId: "alice" }));
      const xhr = new Xhr();
      xhr.open("GET", "/api/me");
      expect(xhr.readyState).toBe(1);
    });
  });
}
