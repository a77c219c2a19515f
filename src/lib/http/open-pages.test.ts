/** What bounds the streams for open pages, and what they say while nothing happens. */
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import { createOpenPages, type OpenPageLimits } from "./open-pages.ts";

interface Opened {
  readonly status: number;
  readonly written: string[];
  readonly leave: () => void;
}

function setScene(limits: Partial<OpenPageLimits> = {}): {
  readonly sessions: Sessions;
  readonly open: (handle: string) => Opened;
} {
  const sessions = createSessions({ store: memory(), secret: SECRET });
  onTestFinished(() => sessions.close());
  const all = { ofSession: 8, together: 100, heartbeat: 60_000, ...limits };
  const pages = createOpenPages(sessions, contextOf(sessions), all);
  return {
    sessions,
    open(handle) {
      const { status, stream } = pages.respond(handle);
      const written: string[] = [];
      const target = { write: (text: string) => void written.push(text), end: () => void written.push("end") };
      return { status, written, leave: stream?.(target) ?? (() => undefined) };
    },
  };
}

const signIn = async (sessions: Sessions): Promise<string> => (await sessions.createNewSession("alice")).session.handle;

test("a session and a process have so many streams, and one that has ended frees its place, once", async () => {
  const { sessions, open } = setScene({ ofSession: 2, together: 3 });
  const [one, other] = [await signIn(sessions), await signIn(sessions)];
  const [first, second] = [open(one), open(one)];
  expect([first.status, second.status, open(one).status]).toEqual([200, 200, 429]);
  expect([open(other).status, open(other).status]).toEqual([200, 503]);
  first.leave();
  first.leave();
  expect([open(other).status, open(other).status]).toEqual([200, 429]);
  expect(open(one).status).toBe(503);
});

test("an idle stream says that it is alive, until its session ends", async () => {
  const { sessions, open } = setScene({ heartbeat: 1 });
  const handle = await signIn(sessions);
  const { written } = open(handle);
  await expect.poll(() => written.slice(0, 3)).toEqual(["retry: 10000\n\n", ":\n\n", ":\n\n"]);
  await sessions.revokeSessionUsingSessionHandle(handle);
  expect(written.slice(-2)).toEqual(["event: session-ended\ndata: session-ended\n\n", "end"]);
});

test("a stream for a session that was revoked meanwhile ends at once", async () => {
  const { sessions, open } = setScene();
  const handle = await signIn(sessions);
  await sessions.revokeSessionUsingSessionHandle(handle);
  const { written } = open(handle);
  await expect.poll(() => written.at(-1)).toBe("end");
  expect(written).toContain("event: session-ended\ndata: session-ended\n\n");
});

test("closing the instance ends all streams, without telling that their sessions have ended", async () => {
  const { sessions, open } = setScene();
  const { written } = open(await signIn(sessions));
  await sessions.close();
  expect(written).toEqual(["retry: 10000\n\n", "end"]);
});
