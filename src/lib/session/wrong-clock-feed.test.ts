import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../store/memory-store.ts";
import { parseConfig } from "../config/parse-config.ts";
import { assembleSessions } from "./assemble-sessions.ts";
import type { SessionStore } from "./session-store.ts";

const SECRET = "a secret of more than thirty-two characters";

/** As a database that serves several machines: it tells what time it is. */
function withClock(store: SessionStore): SessionStore {
  return { ...store, readClock: async () => Date.now() };
}

describe("a process whose clock is wrong, and the feed of another one", () => {
  test.each([
    ["ahead", 120_000],
    ["behind", -120_000],
  ])("%s by two minutes: all sessions of a user end, and one that begins afterwards lives", async (_, off) => {
    const store = withClock(createMemoryStore());
    const tokens = { accessToken: { revocation: "feed" } };
    const open = (clock?: () => number) => {
      const config = {
        secret: SECRET,
        tokens,
        rotation: { clock: "store" },
        ...(clock === undefined ? {} : { clock }),
      };
      return assembleSessions(parseConfig(config), store);
    };
    const wrong = open(() => Date.now() + off);
    await wrong.ready();
    const early = await wrong.createNewSession("alice");
    await wrong.revokeAllSessionsForUser("alice");
    const late = await wrong.createNewSession("alice");
    const right = open();
    await right.ready();
    const outcomes = [early, late].map(({ accessToken }) =>
      right.getSession(accessToken.value, null).then(
        () => "lives",
        (error: unknown) => (error as { readonly code: string }).code,
      ),
    );
    expect(await Promise.all(outcomes)).toEqual(["SESSION_NOT_FOUND", "lives"]);
    await Promise.all([wrong.close(), right.close()]);
  });
});
