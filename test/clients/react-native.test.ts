/**
 * The published SDK for React Native, 5.1.5, against a real server. The guide "Mobile and other
 * clients" says what it does.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { FRAMEWORKS, MINUTE, startApp, type TestApp } from "../http/fixtures.ts";
import { bundleSdk, createPhone, type Phone } from "./phone.ts";

const MODES = ["cookie", "header"] as const;
const other = { cookie: "header", header: "cookie" } as const;
const COOKIES = ["sAccessToken", "sIdRefreshToken", "sRefreshToken"];
/** The cookies on the phone while its session travels so. */
const held = { cookie: COOKIES, header: [] } as const;
const REFRESH = "POST /auth/session/refresh";

let bundle: string;
beforeAll(async () => {
  bundle = await bundleSdk();
});

const [{ express }] = FRAMEWORKS;
const serve = (): Promise<TestApp> =>
  startApp({
    express,
    config: { cookie: { secure: false }, http: { dialects: ["counterfoil", "supertokens"], diagnostics: true } },
  });

async function openSignedIn(app: TestApp, mode: (typeof MODES)[number]): Promise<Phone> {
  const phone = createPhone(bundle, app.port);
  phone.start(mode);
  await phone.call("POST", "/login?user=alice");
  expect(phone.cookies().toSorted()).toEqual(held[mode]);
  expect(phone.takeCalls()).toEqual(["POST /login 200"]);
  expect(phone.takeEvents()).toEqual(["SESSION_CREATED"]);
  return phone;
}

const userOf = async (phone: Phone, method = "POST"): Promise<unknown> =>
  ((await (await phone.call(method, "/api")).json()) as { user?: unknown }).user;

describe.each(MODES)("in %s mode", (mode) => {
  test("signs in, calls, refreshes once for five calls, changes its user and signs out", async () => {
    await using app = await serve();
    const phone = await openSignedIn(app, mode);
    expect([await phone.sdk.doesSessionExist(), await phone.sdk.getUserId()]).toEqual([true, "alice"]);
    expect([await userOf(phone), await userOf(phone, "GET")]).toEqual(["alice", "alice"]);
    phone.takeCalls();

    app.clock.now += 15 * MINUTE;
    const users = await Promise.all([1, 2, 3, 4, 5].map(() => userOf(phone)));
    expect(users).toEqual(["alice", "alice", "alice", "alice", "alice"]);
    expect(phone.takeCalls().filter((call) => call.startsWith(REFRESH))).toEqual([`${REFRESH} 200`]);
    // It tells each call that has waited for the refresh.
    expect(new Set(phone.takeEvents())).toEqual(new Set(["REFRESH_SESSION"]));

    await phone.call("POST", "/login?user=bob");
    expect([await userOf(phone), await phone.sdk.getUserId()]).toEqual(["bob", "bob"]);
    expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
    await phone.sdk.signOut();
    expect([await phone.sdk.doesSessionExist(), phone.cookies()]).toEqual([false, []]);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
    expect(phone.takeEvents()).toContain("SIGN_OUT");
  });

  test("a version of the app with the other mode goes on with the session, and changes over at the next sign-in", async () => {
    await using app = await serve();
    const phone = await openSignedIn(app, mode);
    phone.start(other[mode]);
    expect(await userOf(phone)).toBe("alice");
    app.clock.now += 15 * MINUTE;
    expect(await userOf(phone)).toBe("alice");
    expect(phone.takeCalls()).toEqual(["POST /api 200", "POST /api 401", `${REFRESH} 200`, "POST /api 200"]);
    expect(phone.takeEvents()).toEqual(["REFRESH_SESSION"]);
    expect(phone.cookies().toSorted()).toEqual(held[mode]);

    await phone.call("POST", "/login?user=bob");
    expect(phone.cookies().toSorted()).toEqual(held[other[mode]]);
    expect(await userOf(phone)).toBe("bob");
    app.clock.now += 15 * MINUTE;
    expect(await userOf(phone)).toBe("bob");
    expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
    await phone.sdk.signOut();
    expect([await phone.sdk.doesSessionExist(), phone.cookies()]).toEqual([false, []]);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
  });

  test("an outage signs nobody out", async () => {
    await using app = await serve();
    const phone = await openSignedIn(app, mode);
    app.clock.now += 15 * MINUTE;
    app.store.down();
    await phone.call("POST", "/api").catch(() => undefined);
    expect(phone.takeCalls()).toEqual(["POST /api 401", `${REFRESH} 503`]);
    expect(phone.takeEvents()).toEqual([]);
    app.store.up();
    expect([await phone.sdk.doesSessionExist(), await userOf(phone)]).toEqual([true, "alice"]);
  });
});
