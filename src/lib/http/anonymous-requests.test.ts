/** A request without a session costs the store nothing, but for the keys now and then. */
import { expect, test } from "vitest";
import { SECRET, START } from "../../../test/fixtures/constants.ts";
import { type OperationName, switchable } from "../../../test/store/switchable-store.ts";
import { type CounterfoilConfig, createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { ROUTES } from "../../protocol.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import { newRecord } from "../testing/store/rows.ts";
import { httpContextOf } from "./context.ts";
import { respondToRoute } from "./routes.ts";
import { openWebExchange } from "./exchange/web-exchange.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface World {
  readonly sessions: Sessions;
  readonly clock: { now: number };
  /** Asks a route, and gives the status. */
  readonly ask: (
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<number | undefined>;
  /** What the store was asked since. */
  readonly takeCalls: () => readonly OperationName[];
}

/** An instance whose store holds 500 expired sessions, which the next sweep would remove. */
async function openWorld(config: CounterfoilConfig = {}): Promise<World> {
  const clock = { now: START };
  const inner = memory();
  const { store, takeAllCalls: takeCalls } = switchable(inner);
  const sessions = createSessions({ store, secret: SECRET, clock: () => clock.now, ...config });
  await sessions.ready();
  for (let index = 0; index < 500; index += 1) await inner.createSession(newRecord({ expiresAt: 1 }), undefined);
  takeCalls();
  const http = httpContextOf(sessions);
  return {
    sessions,
    clock,
    takeCalls,
    async ask(method, url, headers = {}) {
      const exchange = openWebExchange({ method, url, headers: { get: (name) => headers[name] ?? null } });
      return (await respondToRoute(http, exchange, {}))?.status;
    },
  };
}

test("1000 requests for the JWKS within ten minutes read the keys ten times, and write nothing", async () => {
  const { ask, clock, takeCalls } = await openWorld({ tokens: { accessToken: { signing: "EdDSA" } } });
  for (let index = 0; index < 1000; index += 1) {
    clock.now += 600;
    expect(await ask("GET", ROUTES.jwks)).toBe(200);
  }
  expect(takeCalls()).toEqual(Array<OperationName>(10).fill("listKeys"));
});

test("requests for the JWKS publish a key that is due, once", async () => {
  const { sessions, ask, clock, takeCalls } = await openWorld({ tokens: { accessToken: { signing: "EdDSA" } } });
  clock.now += 31 * DAY;
  for (let index = 0; index < 100; index += 1) await ask("GET", ROUTES.jwks);
  expect(takeCalls()).toEqual(["listKeys", "insertKey", "listKeys"]);
  expect((await sessions.getJwks()).keys).toHaveLength(2);
});

const WITHOUT_TOKEN = [
  ["POST", "/session/refresh", 401],
  ["GET", "/session/refresh?to=/page", 405],
  ["POST", ROUTES.signOut, 401],
  ["GET", ROUTES.sessions, 401],
  ["POST", `${ROUTES.revoke}?others=true`, 401],
  ["PUT", ROUTES.sessions, 405],
  ["POST", ROUTES.jwks, 405],
  ["OPTIONS", ROUTES.sessions, undefined],
] as const;

test.each(WITHOUT_TOKEN)(
  "%s %s without a token asks the store nothing, ten minutes long",
  async (method, path, status) => {
    const { ask, clock, takeCalls } = await openWorld();
    for (let minute = 0; minute < 10; minute += 1) {
      clock.now += MINUTE;
      expect(await ask(method, path)).toBe(status);
    }
    expect(takeCalls()).toEqual([]);
  },
);

const garbage = ({ cookieNames }: Sessions): readonly Readonly<Record<string, string>>[] => [
  { authorization: "Bearer garbage" },
  { authorization: `Bearer cfr1.${"A".repeat(148)}` },
  {
    cookie: Object.values(cookieNames)
      .map((name) => `${name}=x`)
      .join("; "),
  },
];

test.each(WITHOUT_TOKEN)("%s %s with garbage reads the keys once a minute at most", async (method, path) => {
  const { sessions, ask, clock, takeCalls } = await openWorld();
  for (let minute = 0; minute < 10; minute += 1) {
    clock.now += MINUTE;
    for (let again = 0; again < 10; again += 1)
      for (const headers of garbage(sessions)) await ask(method, path, { ...headers, "sec-fetch-site": "same-origin" });
  }
  const calls = takeCalls();
  expect(calls.length).toBeLessThanOrEqual(10);
  expect(new Set(calls)).toEqual(new Set(calls.length === 0 ? [] : ["listKeys"]));
});

test("a page load that is sent to the refresh route without a token asks the store nothing", async () => {
  const { ask, clock, takeCalls } = await openWorld();
  for (let minute = 0; minute < 10; minute += 1) {
    clock.now += MINUTE;
    const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
    expect(await ask("GET", "/session/refresh?to=/page", headers)).toBe(303);
  }
  expect(takeCalls()).toEqual([]);
});

test("the sweep runs with requests that write", async () => {
  const { sessions, takeCalls } = await openWorld();
  await sessions.createNewSession("alice");
  await contextOf(sessions).upkeep.settled();
  const steps = Array<OperationName>(11).fill("deleteExpiredSessions");
  expect(takeCalls()).toEqual(["createSession", "takeLease", ...steps]);
});
