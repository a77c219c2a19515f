/** An actor in a real browser: two clients of one page's origin, by the recipe of the guide. */
import { createSessions } from "counterfoil";
import { errorHandler, sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../fixtures/constants.ts";
import { listen } from "../fixtures/listen.ts";
import { addPages } from "./bundle-pages.ts";
import { ClientPage } from "./client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

const ACTING = { basePath: "/as", cookiePrefix: "as_" };

async function serveActing(site: string): Promise<{ origin: string; endSupport: () => Promise<unknown> }> {
  const config = { store: memory(), secret: SECRET, cookie: { secure: false } };
  const sessions = createSessions(config);
  const own = sessionsFor(sessions);
  const acting = sessionsFor(
    createSessions({ ...config, cookie: { secure: false, prefix: "as_" }, http: { basePath: "/as" } }),
  );
  const app = addPages(express());
  app.use(own.sessionRoutes());
  app.use(acting.sessionRoutes());
  app.post("/login", async (request, response) => {
    await own.createNewSession(request, response, "support");
    response.json({});
  });
  app.post("/act/:user", own.verifySession({ refuseActor: true }), async (request, response) => {
    const actor = own.sessionOf(request);
    await acting.createNewSession(request, response, request.params.user, { actor });
    response.json({});
  });
  app.all("/me", own.verifySession(), (request, response) => {
    response.json({ user: own.sessionOf(request).getUserId() });
  });
  app.all("/as/me", acting.verifySession(), (request, response) => {
    const session = acting.sessionOf(request);
    response.json({ user: session.getUserId(), actor: session.getActor()?.userId });
  });
  app.post("/as/password", acting.verifySession({ refuseActor: true }), (_request, response) => {
    response.json({});
  });
  app.use(errorHandler());
  const server = await listen(app);
  onTestFinished(() => server.close());
  return {
    origin: `http://${site}:${server.port}`,
    endSupport: () => sessions.revokeAllSessionsForUser("support"),
  };
}

describeInAnyBrowser("an actor", (stage) => {
  test("acts in a second page, while the own page stays as it is, and both end together", async () => {
    const { origin, endSupport } = await serveActing(stage().site);
    const open = async (options: object): Promise<ClientPage> =>
      new ClientPage(await stage().newTab()).open({ origin }, options);
    const post = { method: "POST" };
    const own = await open({});
    expect(await own.signIn()).toMatchObject({ status: 200 });
    expect(await own.fetch("/act/alice", post)).toMatchObject({ status: 200 });
    expect(await own.session()).toMatchObject({ status: "signed-in", userId: "support" });
    expect(await own.fetch("/me", post)).toMatchObject({ status: 200, body: { user: "support" } });

    const acting = await open(ACTING);
    expect(await acting.fetch("/as/me", post)).toMatchObject({
      status: 200,
      body: { user: "alice", actor: "support" },
    });
    expect(await acting.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    // No refresh helps, and none is tried again and again.
    expect(await acting.fetch("/as/password", post)).toMatchObject({ status: 403, body: { message: "actor refused" } });
    expect(await own.fetch("/me", post)).toMatchObject({ status: 200, body: { user: "support" } });
    expect(await own.session()).toMatchObject({ status: "signed-in", userId: "support" });

    await endSupport();
    expect(await acting.refresh()).toMatchObject({ state: { status: "signed-out" } });
    expect(await own.refresh()).toMatchObject({ state: { status: "signed-out" } });
  });

  test("signs out of the user's session, and goes on in the own one", async () => {
    const { origin } = await serveActing(stage().site);
    const own = await new ClientPage(await stage().newTab()).open({ origin });
    await own.signIn();
    await own.fetch("/act/alice", { method: "POST" });
    const acting = await new ClientPage(await stage().newTab()).open({ origin }, ACTING);
    expect(await acting.signOut()).toBe(true);
    expect(await acting.fetch("/as/me")).toMatchObject({ status: 401 });
    await own.tab.reload();
    expect(await own.session()).toMatchObject({ status: "signed-in", userId: "support" });
    expect(await own.refresh()).toMatchObject({ state: { status: "signed-in", userId: "support" } });
  });
});
