/**
 * What stays of an answer that a handler had begun, where the framework has one; the clauses say
 * what goes.
 */
import { expect, onTestFinished, test } from "vitest";
import { call, handleOf, signIn, withCookies } from "../../src/lib/testing/http/http-app.ts";
import { expressSubjects } from "./express.ts";
import { fastifySubject } from "./fastify.ts";
import { honoSubject } from "./hono.ts";
import { koaSubject } from "./koa.ts";
import { nestSubjects } from "./nest.ts";
import { nodeSubject } from "./node.ts";
import { startSubject } from "./subject.ts";

test.each([nodeSubject, ...expressSubjects, fastifySubject, koaSubject, honoSubject, ...nestSubjects])(
  "$name: an error keeps the app's own cookies and headers",
  async (subject) => {
    const app = await startSubject(subject, {});
    onTestFinished(() => app.close());
    const own = await signIn(app);
    await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
    const answer = await call(app, "/half", { headers: withCookies(own) });
    expect([answer.status, answer.json(), answer.cookies, answer.header("x-app")]).toEqual([
      401,
      { message: "unauthorised" },
      ["app=1; Path=/"],
      "1",
    ]);
  },
);
