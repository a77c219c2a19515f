import { expect, test } from "vitest";
import { World } from "../../../test/fixtures/session-world.ts";

const CALLS = [
  {
    call: "createNewSession",
    run: ({ sessions }: World) =>
      sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { authtime: 1 } as never),
  },
  {
    call: "getSession",
    run: ({ sessions }: World, access: string) => sessions.getSession(access, null, { maxAge: "1m" } as never),
  },
  {
    call: "refreshSession",
    run: ({ sessions }: World, _: string, refresh: string) => sessions.refreshSession(refresh, { devce: {} } as never),
  },
  {
    call: "revokeAllSessionsForUser",
    run: ({ sessions }: World) => sessions.revokeAllSessionsForUser("alice", { exept: "x" } as never),
  },
  {
    call: "getSessionsForUser",
    run: ({ sessions }: World) => sessions.getSessionsForUser("alice", { limit: 1, aftr: "x" } as never),
  },
  {
    call: "getAllSessionHandlesForUser",
    run: ({ sessions }: World) => sessions.getAllSessionHandlesForUser("alice", { limt: 1 } as never),
  },
] as const;

test.each(CALLS)("$call refuses an option that it does not know, by name, and does nothing", async ({ call, run }) => {
  const world = new World();
  const { accessToken, refreshToken, session } = await world.signIn();
  const before = world.events.length;
  await expect(run(world, accessToken.value, refreshToken.value)).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
    message: expect.stringContaining(`${call} has no option`) as string,
  });
  expect(world.events).toHaveLength(before);
  await expect(world.sessions.getAllSessionHandlesForUser("alice")).resolves.toEqual([session.handle]);
});
