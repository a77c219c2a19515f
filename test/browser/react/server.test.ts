import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createSessionClient } from "counterfoil/browser";
import { SessionProvider, useSession } from "counterfoil/react";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";

const run = promisify(execFile);

function Who(): string {
  const session = useSession();
  return session.status === "signed-in" ? String(session.userId) : session.status;
}

test("one client for all requests: each page shows its own user", () => {
  const client = createSessionClient();
  const render = (initialSession: { handle: string; userId: string; claims: object } | null | undefined): string =>
    renderToString(h(SessionProvider, { client, initialSession }, h(Who)));
  expect(render({ handle: "a", userId: "alice", claims: {} })).toBe("alice");
  expect(render({ handle: "b", userId: "bob", claims: {} })).toBe("bob");
  expect([render(null), render(undefined)]).toEqual(["signed-out", "loading"]);
  expect(client.session()).toMatchObject({ status: "signed-out" });
});

test("a hook without a provider says so", () => {
  expect(() => renderToString(h(Who))).toThrow("no SessionProvider stands above this component");
});

test("a client on a server keeps no process alive", async () => {
  const code = `import { createSessionClient } from "counterfoil/browser"; console.log(createSessionClient().session().status);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { timeout: 30_000 });
  expect(stdout).toBe("signed-out\n");
});
