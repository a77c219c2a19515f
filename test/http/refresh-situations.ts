/**
 * The situations of a refresh, at the ready route or at a route of the app's own; `run` is told the
 * path.
 */
import { type Credentials, credentialsOf, refresh, SECOND, type TestApp } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";
import { gone, invalid, type Situation } from "./situations.ts";

export const ON_REFRESH: readonly (Omit<Situation, "run"> & {
  readonly run: (app: TestApp, own: Credentials, path: string) => Promise<RawResponse>;
})[] = [
  {
    name: "a session that others change all the time",
    run(app, own, path) {
      app.store.contend();
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
];
