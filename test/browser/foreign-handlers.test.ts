/**
 * Refusals that no error handler of ours has answered: the body is somebody else's, and the client
 * refreshes all the same.
 */
import { expect, test } from "vitest";
import { openSignedIn } from "./client-page.ts";
import { outcomeOf } from "./failed-call.ts";
import { describeInAnyBrowser } from "./stage.ts";

describeInAnyBrowser("a refusal that is answered by", (stage) => {
  test.for([
    ["a handler that knows the status only", "/by-status"],
    ["no handler at all", "/by-nobody"],
  ] as const)("%s", async ([, path]) => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    for (const method of ["GET", "POST"]) {
      const { status } = await outcomeOf(client, path, { method });
      expect(status).toBe(200);
    }
    expect(server.takeCalls()).toEqual(
      [`GET ${path} 401`, "POST /session/refresh 200", `GET ${path} 200`].concat(`POST ${path} 200`),
    );
    expect(server.count("session-refreshed")).toBe(1);
  });
});
