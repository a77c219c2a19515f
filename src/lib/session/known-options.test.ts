import { expect, test } from "vitest";
import { World } from "../../../test/fixtures/session-world.ts";

const CALLS = [
  {
    call: "createNewSession",
    hint: "did you mean authTime?",
    run: ({ sessions }: World) =>
      sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { authtime: 1 } as never),
  },
  {
    call: "getSession",
    hint: "known here: antiCsrf, maxAuthAge",
    run: ({ sessions }: World, access: string) => sessions.getSession(access, null, { maxAge: "1m" } as never),
  },
  {
    call: "refreshSession",
    hint: "did you mean device?",
    run: ({ sessions }: World, _: string, refresh: string) => sessions.refreshSession(refresh, { devce: {} } as never),
  },
  {
    call: "revokeAllSessionsForUser",
    hint: "did you mean except?",
    run: ({ sessions }: World) => sessions.revokeAllSessionsForUser("alice", { exept: "x" } as never),
  },
  {
    call: "getSessionsForUser",
    hint: "did you mean after?",
    run: ({ sessions }: World) => sessions.getSessionsForUser("alice", { limit: 1, aftr: "x" } as never),
  },
  {
    call: "getAllSessionHandlesForUser",
    hint: "did you mean limit?",
    run: ({ sessions }: World) => sessions.getAllSessionHandlesForUser("alice", { limt: 1 } as never),
  },
] as const;

test.each(CALLS)(
  "$call refuses an option that it does not know, by name, and does nothing",
  async ({ call, hint, run }) => {
    const world = new World();
    const { accessToken, refreshToken, session } = await world.signIn();
    const before = world.events.length;
    await expect(run(world, accessToken.value, refreshToken.value)).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringMatching(new RegExp(`${call} has no option "\\w+"; ${hint.replace("?", "\\?")}`)) as string,
    });
    expect(world.events).toHaveLength(before);
    await expect(world.sessions.getAllSessionHandlesForUser("alice")).resolves.toEqual([session.handle]);
  },
);

test.each([null, "10m", 5, true])("getSession refuses %j in the place of its options", async (wrong) => {
  const { sessions } = new World();
  const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const asked = sessions.getSession(accessToken.value, null, wrong as never);
  await expect(asked).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
    detail: expect.stringMatching(/^the options of getSession are (?:null|of type \w+); give an object/) as string,
  });
});
