/**
 * Options of routes are checked when the routes are made: a misspelt one would leave them
 * unprotected in silence.
 */
import { ConfigError } from "counterfoil";
import {
  createNewSession,
  errorHandler,
  getSession,
  refreshSession,
  sessionRoutes,
  verifySession,
} from "counterfoil/express";
import { describe, expect, test } from "vitest";
import { FRAMEWORKS, route, startApp } from "./fixtures.ts";

type Loose = (options?: unknown) => unknown;
const cases: readonly [string, Loose, unknown, string][] = [
  [
    "a misspelt maxAuthAge",
    verifySession as Loose,
    { maxAuthage: "10m" },
    "verifySession.maxAuthage: there is no such option; did you mean maxAuthAge?",
  ],
  [
    "a maxAuthAge without a unit",
    verifySession as Loose,
    { maxAuthAge: 600 },
    "verifySession.maxAuthAge: write a string of a whole number and a unit",
  ],
  [
    "a maxAuthAge in words",
    verifySession as Loose,
    { maxAuthAge: "ten minutes" },
    'verifySession.maxAuthAge: write a string of a whole number and a unit, as in "15m" (ms, s, m, h, d, w), not "ten minutes"',
  ],
  [
    "a maxAuthAge of an unset variable",
    verifySession as Loose,
    { maxAuthAge: process.env["COUNTERFOIL_NOT_SET"] },
    "verifySession.maxAuthAge: is undefined; is the environment variable set",
  ],
  [
    "a revokeMaxAuthAge of an unset variable",
    sessionRoutes as Loose,
    { revokeMaxAuthAge: undefined },
    "sessionRoutes.revokeMaxAuthAge: is undefined",
  ],
  [
    "a flag as text",
    verifySession as Loose,
    { sessionRequired: "no" },
    'verifySession.sessionRequired: write true or false, not "no"',
  ],
  [
    "a request in the place of options",
    verifySession as Loose,
    Object.assign(() => undefined, { x: 1 }),
    "verifySession",
  ],
  ["an unknown option of the routes", sessionRoutes as Loose, { prefix: "/auth" }, "sessionRoutes.prefix"],
  ["an unknown option of the error handler", errorHandler as Loose, { log: true }, "errorHandler.log"],
];

test.each(cases)("%s is refused", (_, make, options, message) => {
  expect(() => make(options)).toThrow(ConfigError);
  expect(() => make(options)).toThrow(message);
});

test("verifySession as a middleware, without its parentheses, is refused instead of hanging", () => {
  expect(() => (verifySession as Loose)({ headers: {}, socket: {} })).toThrow(ConfigError);
});

test.each([
  ["getSession", getSession as (...args: unknown[]) => Promise<unknown>, { maxAuthage: "10m" }],
  ["refreshSession", refreshSession as (...args: unknown[]) => Promise<unknown>, { session: true }],
])("the page-style %s refuses a misspelt option, too", async (name, call, options) => {
  await expect(call({}, {}, options)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(`${name}.${Object.keys(options)[0]}: there is no such option`) as string,
  });
});

describe.each(FRAMEWORKS)("details of a sign-in in $name", ({ express }) => {
  test("a misspelt one is refused, and no session begins", async () => {
    await using app = await startApp({
      express,
      extend(own, sessions) {
        own.post(
          "/misspelt",
          route(async (request, response) => {
            await createNewSession(request, response, "bob", { sessions, jwtPayloads: { role: "admin" } } as object);
            response.json({});
          }),
        );
      },
    });
    const answer = await app.send({ method: "POST", path: "/misspelt" });
    expect([answer.status, answer.json(), answer.cookies]).toEqual([500, { app: "CONFIG_INVALID" }, []]);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
  });
});
