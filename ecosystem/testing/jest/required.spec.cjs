const { createSessions } = require("counterfoil");
const { memory } = require("counterfoil/memory");
const { signInForTest } = require("counterfoil/testing");

test("a session", async () => {
  const sessions = createSessions({ store: memory() });
  const { accessToken } = await signInForTest("alice", { sessions });
  const { session } = await sessions.getSession(accessToken, null);
  expect(session.userId).toBe("alice");
  await sessions.close();
});
