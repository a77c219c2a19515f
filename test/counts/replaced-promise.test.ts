/**
 * Some libraries put a `Promise` of their own in the place of Node's, of which the promises of
 * async functions are no instances. A check that has to wait must wait then, too: what it waits for
 * must not be taken for a session.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import { ONE_ROUTE_APPS } from "../adapters/one-route-apps.ts";
import { send } from "../http/send.ts";

const Native = globalThis.Promise;

class Replacement<T> extends Native<T> {}

describe.each(Object.entries(ONE_ROUTE_APPS))("%s", (_, open) => {
  test.each(["off", "store"] as const)(
    "with revocation %s a request without a live session is refused",
    async (revocation) => {
      const sessions = createSessions({ store: memory(), tokens: { accessToken: { revocation } } });
      onTestFinished(() => sessions.close());
      const { accessToken, session } = await sessions.createNewSession("alice");
      const server = await open(sessions, new AsyncLocalStorage(), (found) => String(found.getUserId()));
      onTestFinished(() => server.close());

      globalThis.Promise = Replacement;
      onTestFinished(() => void (globalThis.Promise = Native));
      const ask = async (cookie: string): Promise<readonly [number, boolean]> => {
        const { status, text } = await send(server.port, { path: "/", headers: { cookie } });
        return [status, text === "alice"];
      };
      const REFUSED = [expect.toBeOneOf([401, 418]), false];
      const { access } = sessions.cookieNames;
      expect(await ask(`${access}=${accessToken.value}`)).toEqual([200, true]);
      expect(await ask("")).toEqual(REFUSED);
      expect(await ask(`${access}=${accessToken.value}x`)).toEqual(REFUSED);
      if (revocation === "store") {
        await sessions.revokeSessionUsingSessionHandle(session.handle);
        expect(await ask(`${access}=${accessToken.value}`)).toEqual(REFUSED);
      }
    },
  );
});
