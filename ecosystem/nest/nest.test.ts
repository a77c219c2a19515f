/** Guards in NestJS that know GraphQL, with the drivers of two servers, on both platforms. */
import type { ExceptionFilter, ExecutionContext, Type } from "@nestjs/common";
import { ExecutionContextHost } from "@nestjs/core/helpers/execution-context-host.js";
import { close, getSession, init } from "counterfoil";
import { memory } from "counterfoil/memory";
import { NoSession, SessionGuard, SessionModule } from "counterfoil/nest";
import { signInForTest } from "counterfoil/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Listening } from "../../test/fixtures/listen.ts";
import { collectWarnings } from "../../test/fixtures/warnings.ts";
import { type RawResponse, send } from "../../test/http/send.ts";
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";
import { ask, credentialsOf } from "../graphql-client.ts";

const clock = { now: 1_790_000_000_000 };
const HOUR = 3_600_000;
const SIGN_IN = `mutation { signIn(user: "alice") }`;
const REFUSED = { status: 401, errors: ["UNAUTHENTICATED try refresh token"] };
const warnings = collectWarnings();

beforeAll(() => init({ store: memory({ production: true }), clock: () => clock.now }));
afterAll(() => close());

describeWithFolder("ecosystem", "NestJS with GraphQL", () => {
  let apps: typeof import("./start-nest.ts");
  let written: string[];
  beforeAll(async () => {
    apps = await import("./start-nest.ts");
    ({ written } = await import("./resolvers.ts"));
  });

  const drivers = [
    { name: "Apollo on Express", start: () => apps.startApollo() },
    { name: "Yoga on Fastify", start: () => apps.startYoga() },
  ];
  describe.each(drivers)("$name", ({ start }) => {
    let app: Listening;
    let alice: RawResponse;
    beforeAll(async () => {
      app = await start();
      alice = (await ask(app.port, SIGN_IN)).raw;
    });
    afterAll(() => app.close());

    test("a mutation signs in, although a guard protects the app", () => {
      expect([alice.status, alice.cookies.length]).toEqual([200, 3]);
    });

    test("a resolver has its session, by the decorator and by the request", async () => {
      const { status, data } = await ask(app.port, "{ me same hello }", alice);
      expect({ status, data }).toEqual({ status: 200, data: { me: "alice", same: "alice", hello: "hello" } });
    });

    test("without a session a resolver is refused with 401 and the challenge, before it runs", async () => {
      const answer = await ask(app.port, `mutation { write(text: "nobody's") }`);
      expect(answer).toMatchObject(REFUSED);
      expect(answer.challenge).toContain('realm="session"');
      expect(written.splice(0)).toEqual([]);
    });

    test.each(["hello", "open", "free"])("nobody may ask for %s, by @NoSession()", async (field) => {
      expect(await ask(app.port, `{ ${field} }`)).toMatchObject({ status: 200, errors: [] });
    });

    test("@VerifySession() of a method counts in an open class", async () => {
      expect(await ask(app.port, "{ closed }")).toMatchObject(REFUSED);
      expect(await ask(app.port, "{ closed }", alice)).toMatchObject({ data: { closed: "closed" } });
    });

    test("both decorators make a session optional", async () => {
      expect(await ask(app.port, "{ maybe }")).toMatchObject({ status: 200, data: { maybe: null } });
      expect(await ask(app.port, "{ maybe }", alice)).toMatchObject({ status: 200, data: { maybe: "alice" } });
    });

    test("missing claims are 403 and name the claim", async () => {
      const { status, errors, raw } = await ask(app.port, "{ admin me }", alice);
      expect({ status, errors }).toEqual({ status: 403, errors: ["FORBIDDEN invalid claim"] });
      expect(raw.text).toContain('"claim":"role"');
      expect(raw.text).not.toContain('"http"');
    });

    test("a refusal of one field leaves the session to the others", async () => {
      const { data } = await ask(app.port, "{ same admin again: same }", alice);
      expect(data).toEqual({ same: "alice", admin: null, again: "alice" });
    });

    test("a mutation without the anti-CSRF token is refused, and an expired token too", async () => {
      const { port } = app;
      const { cookie } = credentialsOf(alice);
      const body = JSON.stringify({ query: `mutation { write(text: "forged") }` });
      const forged = {
        method: "POST",
        path: "/graphql",
        body,
        headers: { cookie, "content-type": "application/json" },
      };
      expect((await send(port, forged)).status).toBe(401);
      clock.now += HOUR;
      const late = await ask(port, `mutation { write(text: "late") }`, alice);
      expect(late).toMatchObject(REFUSED);
      expect(late.challenge).toContain('error="invalid_token"');
      expect(written.splice(0)).toEqual([]);
    });

    test("an old sign-in is 401, by the method and by its class", async () => {
      const { raw: bob } = await ask(app.port, SIGN_IN);
      clock.now += HOUR / 10;
      for (const field of ["recent", "classRecent"]) {
        const { status, errors, challenge } = await ask(app.port, `{ ${field} }`, bob);
        expect({ status, errors }).toEqual({
          status: 401,
          errors: ["UNAUTHENTICATED insufficient_user_authentication"],
        });
        expect(challenge).toContain("max_age");
      }
    });

    test("fields of one query have the sessions of their own checks, by two instances", async () => {
      const { customers, staff } = await import("./two-instances.ts");
      const customer = await signInForTest("carol", { sessions: customers });
      const employee = await signInForTest("eve", { sessions: staff });
      const askAs = async (cookie: string | undefined, query: string): Promise<unknown> => {
        const headers = { ...customer.headers, cookie, "content-type": "application/json" };
        const sent = { method: "POST", path: "/graphql", body: JSON.stringify({ query }), headers };
        return ((await send(app.port, sent)).json() as { readonly data: unknown }).data;
      };
      const both = `${customer.headers["cookie"]}; ${employee.headers["cookie"]}`;
      expect(await askAs(both, "{ customer employee again: customer }")).toEqual({
        customer: "carol",
        employee: "eve",
        again: "carol",
      });
      expect(await askAs(customer.headers["cookie"], "{ customer perhapsEmployee }")).toEqual({
        customer: "carol",
        perhapsEmployee: null,
      });
    });

    test("routes know the guard and its exceptions", async () => {
      expect((await send(app.port, { path: "/closed" })).status).toBe(401);
      expect((await send(app.port, { path: "/health" })).text).toBe("healthy");
    });
  });

  test("a subscription is refused with words, and the upgrade is checked as the guide says", async () => {
    const { subscribe } = await import("./subscribe.ts");
    const app = await apps.startApollo();
    const { raw: alice } = await ask(app.port, SIGN_IN);
    const { cookie } = credentialsOf(alice);
    const headers = { cookie: String(cookie), origin: `http://127.0.0.1:${app.port}` };
    const refused = await subscribe(app.port, "subscription { ticks }", headers);
    expect(String(refused)).toContain("a GraphQL operation over a WebSocket");
    expect(await subscribe(app.port, "subscription { freeTicks }", headers)).toEqual({ freeTicks: "tick" });
    expect(String(await subscribe(app.port, "subscription { freeTicks }", {}))).toBe("closed 4403");
    await app.close();
  });

  test("an expired token that is answered with 200 is told to the developer", async () => {
    const app = await apps.startApollo({ preserveHttpStatusForExecutionErrors: true });
    const { raw: alice } = await ask(app.port, SIGN_IN);
    expect((await ask(app.port, "{ me }")).status).toBe(200);
    expect(await warnings.codes()).toEqual([]);
    clock.now += HOUR;
    expect((await ask(app.port, "{ me }", alice)).status).toBe(200);
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.code).toBe("COUNTERFOIL_ERROR_HANDLER");
    expect(warning?.message).toContain("preserveHttpStatusForExecutionErrors: false");
    await app.close();
  });

  test("a context without the response is refused with what to write", async () => {
    const app = await apps.startApollo({
      context: ({ req }: { readonly req: object }) => ({ req: withoutResponse(req) }),
    });
    const { errors } = await ask(app.port, "{ me }");
    expect(errors).toEqual([expect.stringContaining("context: ({ req, res }) => ({ req, res }) on Express")]);
    await app.close();
  });
});

const withoutResponse = (request: object): object =>
  Object.assign(Object.create(request) as object, { res: undefined });

describe("other transports", () => {
  const contextOf = (type: string, handler: () => void): ExecutionContext => {
    const context = new ExecutionContextHost([{}, {}], Object, handler);
    context.setType(type);
    return context;
  };

  test.each(["ws", "rpc"])("messages of %s are refused by name, and pass where they are open", async (type) => {
    const handler = (): void => undefined;
    await expect(new SessionGuard().canActivate(contextOf(type, handler))).rejects.toThrow(`the transport "${type}"`);
    NoSession()(handler as never);
    expect(await new SessionGuard().canActivate(contextOf(type, handler))).toBe(true);
  });

  test("an open class opens its methods and inherited ones, and not what a class below adds", async () => {
    class Root {
      root(): void {}
    }
    class Open extends Root {
      list(): void {}
      changed(): void {}
    }
    class Below extends Open {
      added(): void {}
      override changed(): void {}
    }
    NoSession()(Open);
    const passes = (type: Type, method: string): Promise<boolean> => {
      const context = new ExecutionContextHost([{}, {}], type, Reflect.get(type.prototype as object, method));
      context.setType("rpc");
      return new SessionGuard().canActivate(context).catch(() => false);
    };
    for (const type of [Open, Below])
      expect([await passes(type, "list"), await passes(type, "root")]).toEqual([true, true]);
    expect([await passes(Below, "added"), await passes(Below, "changed")]).toEqual([false, false]);
    expect(await passes(Root, "root")).toBe(false);
    NoSession()(Below);
    expect([await passes(Below, "added"), await passes(Below, "changed")]).toEqual([true, true]);
  });

  test("the filter leaves the answer to Nest", async () => {
    const { providers = [] } = SessionModule.forRoot();
    const [filter] = providers as readonly { readonly useValue: ExceptionFilter }[];
    const answer = (...given: Parameters<ExceptionFilter["catch"]>): unknown => filter?.useValue.catch(...given);
    const error = await getSession("no token", null).catch((thrown: unknown) => thrown);
    expect(
      answer(
        error,
        contextOf("rpc", () => undefined),
      ),
    ).toBeUndefined();
    expect(
      answer(
        error,
        contextOf("graphql", () => undefined),
      ),
    ).toBe(error);
  });
});
