/**
 * Users, claims and data with contents that try to be something else: other users, members of every
 * object, headers.
 */
import { createSessions, type UserId } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createNewSession } from "counterfoil/express";
import { describe, expect, test } from "vitest";
import { SECRET, START } from "../fixtures/constants.ts";
import { FRAMEWORKS, route, startApp } from "../http/fixtures.ts";

const open = () => createSessions({ store: memory(), secret: SECRET, clock: () => START });

test("numbers and their spellings are separate users", async () => {
  const sessions = open();
  const users: readonly UserId[] = [
    1e21,
    "1e+21",
    "1e21",
    1e-7,
    "1e-7",
    0.1,
    "0.1",
    0x10,
    "0x10",
    "Infinity",
    "NaN",
    "null",
  ];
  for (const user of users) await sessions.createNewSession(user);
  for (const user of users) {
    const found = await sessions.getSessionsForUser(user);
    expect(found.map(({ userId }) => userId)).toEqual([user]);
    expect(await sessions.revokeAllSessionsForUser(user)).toBe(1);
  }
  await sessions.close();
});

const POLLUTION =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":1}';

test("claims and data with names of every object come back as they were, and change no object", async () => {
  const sessions = open();
  const parse = (): unknown => JSON.parse(POLLUTION);
  const created = await sessions.createNewSession("__proto__", parse(), parse());
  const { handle } = created.session;
  await sessions.updateSessionData(handle, parse());
  await sessions.updateJwtPayload(handle, parse());
  const { session, newAccessToken } = await sessions.refreshSession(created.refreshToken.value);
  const verified = await sessions.getSession(newAccessToken.value);
  for (const value of [session.jwtPayload, verified.session.jwtPayload, await sessions.getSessionData(handle)])
    expect(JSON.stringify(value)).toBe(POLLUTION);
  expect(verified.session.userId).toBe("__proto__");
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await sessions.close();
});

describe("in headers of an answer", () => {
  const INJECTIONS = [
    "\r\nSet-Cookie: evil=1",
    "\n\nbody",
    '", error="x',
    "\0",
    "\ud800",
    "Ä☃😀",
    ";,=%0d%0a",
    "\u2028",
  ];

  test.each(INJECTIONS)("%j in a user id and in claims is escaped", async (text) => {
    const [{ express }] = FRAMEWORKS;
    await using app = await startApp({
      express,
      config: { http: { dialects: ["counterfoil", "supertokens"] } },
      extend: (own, sessions) =>
        void own.post(
          "/odd",
          route(async (request, response) => {
            const details = { jwtPayload: { [text]: text, iat: 1, uid: "admin", ate: 9e15 }, deviceLabel: text };
            await createNewSession(request, response, text, { sessions, ...details });
            response.json({});
          }),
        ),
    });
    for (const mode of ["cookie", "header"]) {
      const answer = await app.send({ method: "POST", path: "/odd", headers: { "st-auth-mode": mode } });
      expect([answer.status, app.appErrors]).toEqual([200, []]);
      for (const [name, value] of answer.headers)
        expect([name, value]).toEqual([name, expect.stringMatching(/^[\x20-\x7e]*$/)]);
      expect(answer.cookies.filter((line) => !/^(?:__Host-)?s(?:Access|Refresh|IdRefresh)Token=/.test(line))).toEqual(
        [],
      );
      const front = JSON.parse(Buffer.from(answer.header("front-token") ?? "", "base64").toString()) as Record<
        string,
        unknown
      >;
      const issued = Math.floor(app.clock.now / 1000);
      expect(front).toMatchObject({ ate: app.clock.now + 15 * 60_000, up: { iat: issued, uid: "admin" } });
      expect(front["uid"]).not.toBe("admin");
    }
  });
});
