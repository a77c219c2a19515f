import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, START } from "../../../test/fixtures/constants.ts";
import { refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { type CreatedSession, type CounterfoilConfig, Error as AuthError } from "../../index.ts";
import { createTicket, redeemTicket } from "./ticket-session.ts";
import { contextOf } from "./assemble-sessions.ts";

const OVER = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
const REFUSED = refused(AuthError.GENERAL_ERROR, "ACTOR_REFUSED");

type Created = CreatedSession<{ readonly role: string }>;

class ActingWorld extends World {
  /** Signs in for alice, with the session of somebody else as the actor. */
  act({ session: { userId, handle } }: Created, userIdOfActor = userId): Promise<Created> {
    return this.sessions.createNewSession(
      "alice",
      { role: "member" },
      { count: 0 },
      { actor: { userId: userIdOfActor, handle } },
    );
  }
}

async function acting(
  config: CounterfoilConfig = {},
): Promise<{ world: ActingWorld; support: Created; alice: Created }> {
  const world = new ActingWorld(config);
  const support = await world.signIn(7);
  world.now += MINUTE;
  return { world, support, alice: await world.act(support) };
}

const payloadOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;

describe("a session in which somebody acts", () => {
  test("says so in its token, its rows, lists and events", async () => {
    const { world, support, alice } = await acting(withStore);
    const { sessions } = world;
    const actor = { userId: 7, handle: support.session.handle };
    expect(alice.session).toEqual({
      handle: expect.any(String) as string,
      userId: "alice",
      jwtPayload: { role: "member" },
      actor,
    });
    expect([alice.refreshToken.persistent, support.refreshToken.persistent]).toEqual([false, undefined]);
    const act = { sub: "7", sub_type: "number", sid: actor.handle };
    expect(payloadOf(alice.accessToken.value)).toMatchObject({ sub: "alice", act, auth_time: START / 1000 });
    expect(payloadOf(support.accessToken.value)).not.toHaveProperty("act");
    expect((await sessions.getSession(alice.accessToken.value, null)).session).toEqual(alice.session);
    expect((await sessions.getSessionsForUser("alice"))[0]).toMatchObject({ actor, authTime: START });
    expect((await sessions.getSessionsForUser(7))[0]).not.toHaveProperty("actor");
    const refreshed = await sessions.refreshSession(alice.refreshToken.value);
    expect(refreshed.session.actor).toEqual(actor);
    await sessions.updateJwtPayload(alice.session.handle, { role: "x" });
    const { newAccessToken, session } = await sessions.getSession(refreshed.newAccessToken.value, null);
    expect([session.actor, payloadOf(newAccessToken?.value ?? "")["act"]]).toEqual([actor, act]);
    expect(world.events.slice(1)).toEqual([
      ["session-created", expect.objectContaining({ actor })],
      ["session-refreshed", expect.objectContaining({ actor })],
    ]);
  });

  test("lives for actorTimeout, and no longer than the actor's session does at that moment", async () => {
    const { world, support, alice } = await acting({ session: { actorTimeout: "30m" } });
    const { sessions } = world;
    const [listed] = await sessions.getSessionsForUser("alice");
    expect(listed?.expiresAt).toBe(world.now + 30 * MINUTE);
    world.now += 20 * MINUTE;
    await sessions.refreshSession(support.refreshToken.value);
    const { newAccessToken, newRefreshToken } = await sessions.refreshSession(alice.refreshToken.value);
    expect([newAccessToken.expires, newRefreshToken.expires]).toEqual([START + 31 * MINUTE, START + 31 * MINUTE]);
    world.now += 10 * MINUTE;
    const expired = refused(AuthError.UNAUTHORISED, "SESSION_EXPIRED");
    await expect(sessions.refreshSession(newRefreshToken.value)).rejects.toEqual(expired);
  });

  test("has tokens that expire with the idle actor, and goes on if the actor does", async () => {
    const { world, support, alice } = await acting({ preset: "standard" });
    const { sessions } = world;
    world.now = START + 50 * MINUTE;
    const late = await sessions.refreshSession(alice.refreshToken.value);
    expect(late.newAccessToken.expires).toBe(START + HOUR);
    await sessions.refreshSession(support.refreshToken.value);
    world.now = START + HOUR;
    const next = await sessions.refreshSession(late.newRefreshToken.value);
    expect(next.newAccessToken.expires).toBe(START + 61 * MINUTE);
  });

  test("cannot begin without the actor's own live session", async () => {
    const { world, support, alice } = await acting();
    const wrong = refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID");
    await expect(world.act(support, "7")).rejects.toEqual(wrong);
    await expect(world.act(alice)).rejects.toEqual(REFUSED);
    for (const actor of [undefined, null, "bob", {}, { userId: 7 }, { userId: 7, handle: "x".repeat(257) }]) {
      const options = { actor } as never;
      await expect(world.sessions.createNewSession("bob", { role: "" }, { count: 0 }, options)).rejects.toEqual(wrong);
    }
    await world.sessions.revokeSessionUsingSessionHandle(support.session.handle);
    await expect(world.act(support)).rejects.toEqual(OVER);
    expect(await world.sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
  });

  test("does not begin with the session of an actor that has expired", async () => {
    const { world, support } = await acting();
    world.now += 100 * DAY;
    await expect(world.act(support)).rejects.toEqual(OVER);
  });

  test("ends no session of the user, however many there are", async () => {
    const world = new ActingWorld({ session: { maxPerUser: 1 } });
    const [own, support] = [await world.signIn(), await world.signIn(7)];
    const alice = await world.act(support);
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toEqual(
      expect.arrayContaining([own.session.handle, alice.session.handle]),
    );
  });

  test("is refused where only the user may act", async () => {
    for (const config of [{}, withStore]) {
      const { world, support, alice } = await acting(config);
      const options = { refuseActor: true };
      await expect(world.sessions.getSession(alice.accessToken.value, null, options)).rejects.toEqual(REFUSED);
      await world.sessions.getSession(support.accessToken.value, null, options);
      await world.sessions.getSession(alice.accessToken.value, null, { refuseActor: false });
    }
  });

  test.each([null, 1, "true", "false", {}])("refuseActor %j lets nobody in by accident", async (refuseActor) => {
    const { world, alice } = await acting();
    const given = world.sessions.getSession(alice.accessToken.value, null, { refuseActor: refuseActor as true });
    await expect(given).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });
});

describe("when the actor's session has ended", () => {
  test.each(["revoked", "expired"])("because it was %s, the next refresh ends the other one", async (how) => {
    const { world, support, alice } = await acting();
    const { handle } = support.session;
    let other = alice;
    if (how === "revoked") await world.sessions.revokeSessionUsingSessionHandle(handle);
    else {
      world.now = START + 100 * DAY - SECOND;
      other = await world.act(support);
      world.now += SECOND;
    }
    await expect(world.sessions.refreshSession(other.refreshToken.value)).rejects.toEqual(OVER);
    expect(world.events.at(-1)).toEqual([
      "session-revoked",
      {
        handles: [other.session.handle],
        userId: "alice",
        reason: "actor-ended",
        actor: { userId: 7, handle },
      },
    ]);
    expect((await world.sessions.getSessionsForUser("alice")).map((each) => each.handle)).not.toContain(
      other.session.handle,
    );
  });

  test.each(["store", "feed"] as const)(
    "every way in refuses the other one, with revocation %s",
    async (revocation) => {
      const { world, support, alice } = await acting({ tokens: { accessToken: { revocation } } });
      const { sessions } = world;
      const { handle } = alice.session;
      const context = contextOf(sessions);
      const ticket = await createTicket(context, handle, MINUTE);
      await sessions.getSession(alice.accessToken.value, null);
      await sessions.revokeAllSessionsForUser(7);
      for (const way of [
        sessions.getSession(alice.accessToken.value, null),
        sessions.getSessionData(handle),
        sessions.updateSessionData(handle, { count: 1 }),
        sessions.updateJwtPayload(handle, { role: "x" }),
        redeemTicket(context, ticket.value),
        createTicket(context, handle, MINUTE),
      ])
        await expect(way).rejects.toEqual(OVER);
      expect(support.session.userId).toBe(7);
    },
  );

  test("a sign-out and a reuse name who acted", async () => {
    const { world, support, alice } = await acting({ rotation: { window: "0s" } });
    await world.sessions.refreshSession(alice.refreshToken.value);
    await expect(world.sessions.refreshSession(alice.refreshToken.value)).rejects.toThrow();
    const actor = { userId: 7, handle: support.session.handle };
    expect(world.events.at(-1)).toEqual([
      "session-revoked",
      { handles: [alice.session.handle], userId: "alice", reason: "reuse", actor },
    ]);
  });
});
