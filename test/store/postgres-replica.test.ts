/**
 * A primary with a streaming replica: the replica is never asked, and takes over without a loss
 * when it is told to.
 */
import connectPostgresJs from "postgres";
import { createSessions, type Sessions } from "counterfoil";
import { postgres } from "counterfoil/postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type Proxy, startProxy } from "../servers/proxy.ts";
import { type Postgres, startPostgres, startReplica } from "../servers/postgres.ts";
import { caught, outcomeOf, SECRET } from "./fixtures.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";

describeWithServer("postgres", "PostgreSQL with a replica", () => {
  let primary: Postgres;
  let replica: Awaited<ReturnType<typeof startReplica>>;

  beforeAll(async () => {
    primary = await startPostgres({ log: true });
    replica = await startReplica(primary, { synchronous: true });
  });
  afterAll(async () => {
    await replica.remove();
    await primary.remove();
  });

  test("a replica that is given in place of the primary is refused with what to do", async () => {
    const database = await primary.createDatabase();
    await postgres({ url: primary.url(database) }).prepare();
    await replica.waitUntilCaughtUp();
    await expect(postgres({ url: replica.url(database) }).prepare()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("read-only") as string,
    });
  });

  function open(store: SessionStore): Sessions {
    const sessions = createSessions({ store, secret: SECRET, tokens: { accessToken: { revocation: "store" } } });
    onTestFinished(() => sessions.close());
    return sessions;
  }

  /** An address of its own, which leads to the primary for now. */
  async function openAddress(): Promise<{ readonly address: Proxy; readonly url: string; readonly direct: string }> {
    const direct = primary.url(await primary.createDatabase());
    const address = await startProxy(primary);
    onTestFinished(() => address.close());
    return { address, direct, url: Object.assign(new URL(direct), { port: String(address.port) }).href };
  }

  function byPostgresJs(url: string): SessionStore {
    const pool = connectPostgresJs(url, { onnotice: () => undefined });
    onTestFinished(() => pool.end({ timeout: 1 }));
    return postgres({ pool });
  }

  async function pauseReplay(): Promise<() => Promise<unknown>> {
    await replica.waitUntilCaughtUp();
    await replica.admin("SELECT pg_wal_replay_pause()");
    const state = "SELECT pg_get_wal_replay_pause_state() AS state";
    await expect.poll(async () => (await replica.admin(state))[0]?.["state"]).toBe("paused");
    return () => replica.admin("SELECT pg_wal_replay_resume()");
  }

  test.each(["pg", "postgres.js"] as const)(
    "an address that comes to lead to a standby that lags accepts no revoked session and knows each new one, and serves at once when it leads back: %s",
    async (by) => {
      const { address, url, direct } = await openAddress();
      const [app, other] = [open(by === "pg" ? postgres({ url }) : byPostgresJs(url)), open(postgres({ url: direct }))];
      const eve = await app.createNewSession("eve");
      const resume = await pauseReplay();
      onTestFinished(async () => void (await resume()));
      // Two that the standby knows nothing of: it would accept the one and log the other out.
      expect(await other.revokeAllSessionsForUser("eve")).toBe(1);
      const bob = await other.createNewSession("bob");
      const calls: readonly (() => Promise<unknown>)[] = [eve, bob].flatMap(
        ({ session, accessToken, antiCsrfToken, refreshToken }) => [
          () => app.getSession(accessToken.value, antiCsrfToken),
          () => app.refreshSession(refreshToken.value),
          () => app.getSessionsForUser(session.userId),
          () => app.getAllSessionHandlesForUser(session.userId),
          () => app.revokeAllSessionsForUser(session.userId),
          () => app.getSessionData(session.handle),
        ],
      );
      for (let flap = 0; flap < 2; flap += 1) {
        address.pointTo(replica);
        address.cut();
        // The first may still meet a connection that has been cut.
        await expect.poll(async () => (await caught(app.getSessionsForUser("eve"))).message).toMatch(/read-only/);
        for (const fault of await Promise.all(calls.map((call) => caught(call())))) {
          expect(fault.code).toBe("STORE_UNAVAILABLE");
          expect(fault.message).toMatch(/is read-only, as replicas are; give the primary/);
        }
        address.pointTo(primary);
        const back = () => outcomeOf(app.getSession(bob.accessToken.value, bob.antiCsrfToken));
        if (by === "pg") {
          // Each refusal has cost its connection.
          expect(await back()).toBe("ok");
        } else {
          // This pool ends no connection that is well.
          address.cut();
          await expect.poll(back).toBe("ok");
        }
        const refused = "UNAUTHORISED/SESSION_NOT_FOUND";
        expect(await outcomeOf(app.getSession(eve.accessToken.value, eve.antiCsrfToken))).toBe(refused);
      }
    },
  );

  test("two addresses of one cluster that flap under load: nothing lost, nobody logged out, no alarm", async () => {
    const { address, url } = await openAddress();
    const load = await startLoad([postgres({ url }), postgres({ url })]);
    await load.until(20);
    const resume = await pauseReplay();
    for (let flap = 0; flap < 3; flap += 1) {
      await load.until(30);
      address.pointTo(replica);
      address.cut();
      await expect.poll(() => address.connections()).toBeGreaterThan(0);
      address.pointTo(primary);
      address.cut();
    }
    await load.until(30);
    await resume();
    const tally = await load.stop();
    console.log(`PostgreSQL, an address that flaps: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
  });

  test("killed under load, the replica takes over: nothing lost, no alarm, and it was not asked before", async () => {
    const database = await primary.createDatabase();
    // What an address that follows the primary is in production.
    const target = { host: primary.host, port: primary.port };
    const address = await startProxy(target);
    await replica.takeLog();
    const url = new URL(primary.url(database));
    url.port = String(address.port);
    const load = await startLoad([postgres({ url: url.href }), postgres({ url: url.href })]);
    await load.until(150);
    const asked = (await replica.takeLog()).filter((line) => line.includes("counterfoil_"));
    expect(asked).toEqual([]);
    await primary.kill();
    await replica.promote();
    Object.assign(target, { host: replica.host, port: replica.port });
    await load.until(200);
    const tally = await load.stop();
    await address.close();
    console.log(`PostgreSQL, primary killed, replica promoted: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
    expect(tally.answered.confirmations).toBeGreaterThan(0);
  });
});
