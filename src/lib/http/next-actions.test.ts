/** What a render behind a server action of Next is told. */
import { createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { expect, onTestFinished, test } from "vitest";
import { isSignedOut, type Shown, signOutInAction, startInAction } from "./adapters/next-actions.ts";
import { httpContextOf } from "./context.ts";

function create(prefix: string): Sessions {
  const secret = "a secret of at least thirty-two bytes";
  const sessions = createSessions({ store: memory(), secret, cookie: { prefix } });
  onTestFinished(() => sessions.close());
  return sessions;
}

test("an action may sign out of several instances, and sign in to one of them again", async () => {
  const [shop, admin] = [create("shop-"), create("admin-")];
  const headers = new Headers();
  const request: Shown = [headers, { set: () => undefined }];
  const out = (): readonly boolean[] => [shop, admin].map((sessions) => isSignedOut(httpContextOf(sessions), headers));
  expect(out()).toEqual([false, false]);
  for (const sessions of [shop, admin]) await signOutInAction(request, { sessions });
  expect(out()).toEqual([true, true]);
  await startInAction(request, "alice", { sessions: admin });
  expect(out()).toEqual([true, false]);
});
