/**
 * Two different markers in a request: nothing fails for them, and the answers clear those that are
 * not ours.
 */
import type { Sessions } from "counterfoil";
import { getSession } from "counterfoil/express";
import type { Application } from "express";
import { expect, test } from "vitest";
import { createBrowserJar } from "./browser-jar.ts";
import { FRAMEWORKS, signIn, startApp } from "./fixtures.ts";

const HOST = "shop.example.com";
const PLAIN = { cookie: { hostPrefix: false } } as const;
const [{ express }] = FRAMEWORKS as unknown as [(typeof FRAMEWORKS)[number]];

test.each(["/", "/api", "/session", "/session/"])("a browser loses a marker with Path=%s", async (path) => {
  for (const domain of [HOST, "example.com"]) {
    await using app = await startApp({ express, config: PLAIN });
    const jar = createBrowserJar(HOST);
    jar.take(await app.send({ method: "POST", path: "/login", headers: { host: HOST } }));
    const name = app.sessions.cookieNames.marker;
    jar.put({ name, value: "another", domain, path });
    expect(jar.count(name)).toBe(2);
    for (const [method, route] of [
      ["GET", "/api"],
      ["POST", "/session/refresh"],
    ] as const) {
      const answer = await app.send({ method, path: route, headers: { host: HOST, cookie: jar.header(route) } });
      expect(answer.status).toBe(200);
      jar.take(answer);
    }
    expect(jar.count(name)).toBe(1);
    const answer = await app.send({ path: "/api", headers: { host: HOST, cookie: jar.header("/api") } });
    expect([answer.status, answer.cookies]).toEqual([200, []]);
  }
});

test("a session that is asked for after the headers have been sent is found all the same", async () => {
  const extend = (app: Application, sessions: Sessions): void => {
    app.get("/late", async (req, res) => {
      res.write("user: ");
      const session = await getSession(req, res, { sessions, sessionRequired: false });
      res.end(session?.getUserId());
    });
  };
  await using app = await startApp({ express, config: PLAIN, extend });
  const { access, marker } = await signIn(app);
  const names = app.sessions.cookieNames;
  const cookie = `${names.access}=${access}; ${names.marker}=another; ${names.marker}=${marker}`;
  const answer = await app.send({ path: "/late", headers: { host: HOST, cookie } });
  expect([answer.status, answer.text]).toEqual([200, "user: alice"]);
});
