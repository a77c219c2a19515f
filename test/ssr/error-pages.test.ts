import { signInForTest } from "counterfoil/testing";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { makeErrorPages } from "./error-pages-app.ts";

const HTML = "text/html,application/xhtml+xml,*/*;q=0.8";

test.each([
  { accept: HTML, role: undefined, shows: "<h1>Please sign in.</h1>", status: 401 },
  { accept: HTML, role: "member", shows: "<h1>This is not for you, or not now.</h1>", status: 403 },
  { accept: HTML, role: "admin", shows: "Admin", status: 200 },
  { accept: "*/*", role: undefined, shows: '{"message"', status: 401 },
])("$role with Accept: $accept gets $status", async ({ accept, role, shows, status }) => {
  const { app, sessions } = makeErrorPages();
  const { port, close } = await listen(app);
  onTestFinished(async () => {
    await close();
    await sessions.close();
  });
  const signedIn = role === undefined ? undefined : await signInForTest("alice", { sessions, jwtPayload: { role } });
  const answer = await fetch(`http://127.0.0.1:${port}/admin`, { headers: { ...signedIn?.headers, accept } });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(shows);
});
