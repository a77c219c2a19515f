import { describe, expect, test } from "vitest";
import { type ClientJar, curlJar, expiresJar, javaJar, superagentJar } from "./client-jars.ts";
import { FRAMEWORKS, MINUTE, startApp } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const JARS: readonly (readonly [string, () => ClientJar])[] = [
  ["Java's own clients", javaJar],
  ["clients that go by Expires alone", expiresJar],
  ["superagent", superagentJar],
  ["curl 7.88 with a file for its cookies", curlJar],
];

const CONFIGS = [
  { cookie: { hostPrefix: "auto" } },
  { cookie: { hostPrefix: true } },
  { cookie: { hostPrefix: false, secure: false }, http: { dialects: ["counterfoil", "supertokens"] } },
] as const;

describe.each(FRAMEWORKS)("jars that are no browser's, emulated, in $name", ({ express }) => {
  describe.each(JARS)("%s", (_name, createJar) => {
    test.each(CONFIGS)("hold a session from sign-in to sign-out: %j", async (config) => {
      await using app = await startApp({ express, config });
      const jar = createJar();
      let antiCsrf: string | undefined;
      const post = async (path: string): Promise<RawResponse> => {
        const headers = { cookie: jar.header(path.replace(/\?.*/, "")), "anti-csrf": antiCsrf };
        const answer = await app.send({ method: "POST", path, headers });
        antiCsrf = answer.header("anti-csrf") ?? antiCsrf;
        jar.take(answer, app.clock.now);
        return answer;
      };
      const renew = "http" in config ? "/auth/session/refresh" : "/session/refresh";
      const user = async (): Promise<unknown> => (await post("/api")).json();

      expect((await post("/login?user=alice")).status).toBe(200);
      expect(await user()).toMatchObject({ user: "alice" });
      app.clock.now += 15 * MINUTE;
      expect(await user()).toEqual({ message: "try refresh token" });
      expect((await post(renew)).status).toBe(200);
      expect(await user()).toMatchObject({ user: "alice" });
      app.clock.now += MINUTE;
      expect((await post(renew)).status).toBe(200);
      expect((await post("/login?user=bob")).status).toBe(200);
      expect(await user()).toMatchObject({ user: "bob" });
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
      expect((await post("/session/signout")).status).toBe(200);
      expect((await post("/api")).status).toBe(401);
      expect(jar.header("/api")).not.toContain("sAccessToken");
    });
  });

  test("a Java client that still sends quotes, for lines of an older server, goes on", async () => {
    await using app = await startApp({ express });
    const withoutExpires = (answer: RawResponse): RawResponse => ({
      ...answer,
      cookies: answer.cookies.map((line) => line.replace(/; Expires=[^;]*/, "")),
    });
    const jar = javaJar();
    const post = async (path: string): Promise<RawResponse> => {
      const answer = await app.send({ method: "POST", path, headers: { cookie: jar.header(path) } });
      jar.take(withoutExpires(answer), app.clock.now);
      return answer;
    };
    await post("/login");
    expect(jar.header("/session/refresh")).toMatch(/^\$Version="1"; __Host-sAccessToken="ey/);
    app.clock.now += 15 * MINUTE;
    expect((await post("/session/refresh")).status).toBe(200);
    expect((await app.send({ path: "/api", headers: { cookie: jar.header("/api") } })).status).toBe(200);
    expect((await post("/session/signout")).status).toBe(200);
    expect(jar.header("/session/refresh")).toBe("");
  });
});
