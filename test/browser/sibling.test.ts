/**
 * What a hostile sibling sub-domain can do to the cookies of the default config, and what it
 * cannot.
 */
import express from "express";
import { expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { ClientPage } from "./client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import type { Tab } from "./tab.ts";

const REFRESH = "/session/refresh";
const KINDS = ["sAccessToken", "sRefreshToken", "sIdRefreshToken"] as const;

interface Sibling extends AsyncDisposable {
  readonly origin: string;
}

/**
 * Signs in as mallory at the app, and puts the cookies of that session into each browser that comes
 * by, under all names and paths.
 */
async function serveSibling(stage: Stage, app: SessionServer): Promise<Sibling> {
  const { accessToken, refreshToken, idRefreshToken } = await app.sessions.createNewSession("mallory");
  const values = [accessToken.value, refreshToken.value, idRefreshToken.value];
  const evil = express();
  evil.get("/flood", (request, response) => {
    const from = Number(request.query["from"]);
    const lines = Array.from({ length: 60 }, (_, index) => `x${from + index}=1; Path=/x; Domain=${stage.site}; Secure`);
    response.append("set-cookie", lines).send("<!doctype html>flooded");
  });
  evil.get("/toss", (_request, response) => {
    const lines = KINDS.flatMap((name, index) =>
      ["", "__Host-"].flatMap((prefix) =>
        ["/", REFRESH].map((path) => `${prefix}${name}=${values[index]}; Domain=${stage.site}; Path=${path}; Secure`),
      ),
    );
    response.append("set-cookie", lines).send("<!doctype html>tossed");
  });
  const { port, close } = await listen(evil);
  return { origin: `http://evil.${stage.site}:${port}`, [Symbol.asyncDispose]: close };
}

const serveApp = (stage: Stage): Promise<SessionServer> =>
  stage.serve({ cookie: { secure: true } }, `app.${stage.site}`);

async function whoIsShown(tab: Tab, server: SessionServer, path = "/rendered"): Promise<string> {
  await tab.goto(server.origin + path);
  return tab.evaluate(() => document.body.textContent.trim());
}

const cookiesOf = (tab: Tab): Promise<string> => tab.evaluate(() => document.cookie);

describeInBrowsers("a hostile sibling sub-domain", (stage) => {
  test("signs nobody in who is signed out: not by cookies, nor by a visit to the refresh route", async () => {
    const server = await serveApp(stage());
    await using sibling = await serveSibling(stage(), server);
    const tab = await stage().newTab();
    await tab.goto(`${sibling.origin}/toss`);
    // It did put them there.
    await tab.goto(`${server.origin}/`);
    expect(await cookiesOf(tab)).toContain("sIdRefreshToken=");
    expect(await whoIsShown(tab, server)).toBe("nobody");
    expect(await whoIsShown(tab, server, `${REFRESH}?to=%2Frendered`)).toBe("nobody");
    await tab.goto(`${sibling.origin}/toss`);
    const client = await new ClientPage(tab).open(server);
    expect(await client.fetch("/me")).toMatchObject({ status: 401 });
    expect(await whoIsShown(tab, server)).toBe("nobody");
  });

  test("takes nobody's place who is signed in, and signs nobody out by a cookie", async () => {
    const server = await serveApp(stage());
    await using sibling = await serveSibling(stage(), server);
    const tab = await stage().newTab();
    const client = await new ClientPage(tab).open(server);
    expect(await client.signIn("alice")).toMatchObject({ status: 200 });
    await tab.goto(`${sibling.origin}/toss`);
    expect(await whoIsShown(tab, server)).toBe("alice");
    server.expire();
    expect(await whoIsShown(tab, server)).toBe("alice");
    await tab.goto(`${sibling.origin}/toss`);
    server.expire();
    await client.open(server);
    expect(await client.fetch("/me")).toMatchObject({ status: 200, body: { user: "alice" } });
  });

  test("can fill the jar, which signs the visitor out at most", async () => {
    const server = await serveApp(stage());
    await using sibling = await serveSibling(stage(), server);
    const tab = await stage().newTab();
    const client = await new ClientPage(tab).open(server);
    await client.signIn("alice");
    for (let from = 0; from < 300; from += 60) await tab.goto(`${sibling.origin}/flood?from=${from}`);
    await tab.goto(`${sibling.origin}/toss`);
    for (const path of ["/rendered", `${REFRESH}?to=%2Frendered`, "/rendered"])
      expect(["nobody", "alice"]).toContain(await whoIsShown(tab, server, path));
    server.expire();
    expect(["nobody", "alice"]).toContain(await whoIsShown(tab, server));
  });
});

describeInBrowsers("the default config on http://localhost", (stage) => {
  test("works: Secure and __Host- cookies are kept", async () => {
    const server = await stage().serve({ cookie: { secure: true } }, "localhost");
    const tab = await stage().newTab();
    const client = await new ClientPage(tab).open(server);
    expect(await client.signIn("alice")).toMatchObject({ status: 200 });
    expect(await cookiesOf(tab)).toMatch(/^__Host-sIdRefreshToken=1\.[\w-]{24}\.1\./);
    server.expire();
    expect(await client.fetch("/me")).toMatchObject({ status: 200, body: { user: "alice" } });
    server.expire();
    expect(await whoIsShown(tab, server)).toBe("alice");
  });

  test("goes on when a script has deleted the marker: the HttpOnly access cookie vouches", async () => {
    const server = await stage().serve({ cookie: { secure: true } }, "localhost");
    const tab = await stage().newTab();
    const client = await new ClientPage(tab).open(server);
    await client.signIn("alice");
    await tab.evaluate(() => {
      document.cookie = "__Host-sIdRefreshToken=; Max-Age=0; Path=/; Secure";
    });
    expect(await cookiesOf(tab)).toBe("");
    server.expire();
    expect(await whoIsShown(tab, server)).toBe("alice");
  });
});
