/** The situations of a refresh, at the ready route or at a route of the app's own; `run` is told the path. */
import { type Credentials, credentialsOf, DAY, refresh, refreshCookies, SECOND, type TestApp } from "./fixtures.ts";
import type { Answer } from "./send.ts";
import { FOREIGN, gone, invalid, NO_CREDENTIAL, post, refusedCsrf, type Situation, unavailable } from "./situations.ts";

/** Two rotations: the first token of `own` has been superseded `age` ms ago. */
async function supersede(app: TestApp, own: Credentials, age: number): Promise<void> {
  const child = credentialsOf(await refresh(app, own), own);
  app.clock.now += 30 * SECOND;
  await refresh(app, child);
  app.clock.now += age;
}

export const ON_REFRESH: readonly (Omit<Situation, "run"> & {
  readonly run: (app: TestApp, own: Credentials, path: string) => Promise<Answer>;
})[] = [
  {
    name: "no refresh token",
    run: (app, _own, path) => post(app, path, {}),
    ...gone,
    code: "REFRESH_TOKEN_MISSING",
    challenge: NO_CREDENTIAL,
    cleared: true,
  },
  {
    name: "a refresh token that is not ours",
    run: (app, own, path) => refresh(app, { ...own, refresh: `${own.refresh.slice(0, -1)}!` }, path),
    ...gone,
    code: "REFRESH_TOKEN_INVALID",
    challenge: invalid("the refresh token is not one that this installation made, or its key is gone"),
    cleared: true,
  },
  {
    name: "a revoked session",
    async run(app, own, path) {
      await app.sessions.revokeSessionUsingSessionHandle(own.handle);
      return refresh(app, own, path);
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("the session has been revoked, or has expired and was removed"),
    cleared: true,
  },
  {
    name: "an expired session",
    run(app, own, path) {
      app.clock.now += 100 * DAY;
      return refresh(app, own, path);
    },
    ...gone,
    code: "SESSION_EXPIRED",
    challenge: invalid("the session has expired"),
    cleared: true,
  },
  {
    name: "theft",
    async run(app, own, path) {
      await supersede(app, own, 10 * SECOND + 1);
      const answer = await refresh(app, own, path);
      // The handle is public and the only part of the challenge that differs from session to session.
      return {
        ...answer,
        headers: answer.headers.map(([name, value]) => [name, value.replace(own.handle, "<handle>")]),
      };
    },
    status: 401,
    message: "token theft detected",
    code: "TOKEN_THEFT_DETECTED",
    challenge: invalid(
      "a superseded refresh token of session <handle> was presented: two parties hold its tokens, and the session was revoked",
    ),
    cleared: true,
  },
  {
    name: "reuse that is only reported",
    config: { rotation: { onReuse: "report" } },
    async run(app, own, path) {
      await supersede(app, own, 10 * SECOND + 1);
      return refresh(app, own, path);
    },
    ...gone,
    code: "REFRESH_TOKEN_REUSED",
    challenge: invalid("a superseded refresh token was presented; the session lives on, as rotation.onReuse says"),
    cleared: true,
  },
  {
    name: "a token that was superseded a moment ago",
    async run(app, own, path) {
      await supersede(app, own, 10 * SECOND);
      return refresh(app, own, path);
    },
    status: 409,
    message: "retry",
    code: "REFRESH_TOKEN_SUPERSEDED",
    retryAfter: "1",
  },
  {
    name: "a session that others change all the time",
    run(app, own, path) {
      app.store.contended = true;
      return refresh(app, own, path);
    },
    status: 409,
    message: "retry",
    code: "STORE_CONTENDED",
    retryAfter: "1",
  },
  {
    name: "a store that has lost writes",
    async run(app, own, path) {
      const port = app.store.store;
      const before = await port.findSession(own.handle);
      const child = credentialsOf(await refresh(app, own), own);
      app.clock.now += 30 * SECOND;
      const grandchild = credentialsOf(await refresh(app, child), child);
      const after = await port.findSession(own.handle);
      if (before === undefined || after === undefined) throw new Error("the session is not in the store");
      await port.commitRefresh(own.handle, after.version, before);
      return refresh(app, grandchild, path);
    },
    ...gone,
    code: "STORE_BEHIND",
    challenge: invalid("the refresh token is newer than the store, which has lost writes"),
    cleared: true,
  },
  {
    name: "a cross-site request",
    run: (app, own, path) => post(app, path, { cookie: refreshCookies(own), ...FOREIGN }),
    ...refusedCsrf,
  },
  {
    name: "store down",
    run(app, own, path) {
      app.store.down = true;
      return refresh(app, own, path);
    },
    ...unavailable,
  },
];
