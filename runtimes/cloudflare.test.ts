/** D1 and a store in a Durable Object, in workerd. */
import { join } from "node:path";
import { storeClauses } from "counterfoil/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RawResponse, send, sessionCookiesOf } from "../src/lib/testing/http/raw-request.ts";
import type { StoreResults } from "./app/run-store-clauses.ts";
import { describeInstalled } from "./describe-installed.ts";
import { limitsOf, type StartedRuntime } from "./runtimes.ts";
import { startWorkerd } from "./workerd.ts";

describeInstalled("Cloudflare", () => {
  let workerd: StartedRuntime | undefined;
  const post = (path: string): Promise<RawResponse> => send(workerd?.port ?? 0, { path, method: "POST" });
  const ask = async (path: string): Promise<unknown> => (await send(workerd?.port ?? 0, { path })).json();

  beforeAll(async () => {
    workerd = await startWorkerd(join(import.meta.dirname, "app/cloudflare-worker.ts"), true);
  });

  afterAll(() => workerd?.stop());

  describe("D1", () => {
    let played: Record<string, unknown>;

    beforeAll(async () => {
      played = (await ask("/~/d1")) as typeof played;
    });

    test("makes its tables once, also for Workers that start at once, and a lost one anew", () => {
      expect(played["tables"]).toEqual({
        refused: expect.stringMatching(
          /^SCHEMA_MISSING: .*migrate is false.* npx counterfoil migrate --print d1 --prefix scene_$/,
        ) as string,
        made: [null, null, null, null, null],
        lost: expect.stringMatching(/^SCHEMA_MISSING: one or more of the tables/) as string,
      });
    });

    test.each([
      ["off", undefined],
      ["store", "SESSION_NOT_FOUND"],
      ["feed", "SESSION_NOT_FOUND"],
    ])("revocation %s: another process then says %s of a revoked session", (mode, after) => {
      expect(played[mode]).toEqual(after === undefined ? {} : { after });
    });
  });

  test("a read of the log goes on where the request that began it has its response", async () => {
    const answers: unknown[] = [];
    // The second request begins a read that it does not wait for. The third one needs it.
    for (const ahead of [0, 700, 5000, 5700, 10_000]) answers.push(await ask(`/~/feed?ahead=${ahead}`));
    expect(answers).toEqual(answers.map(() => "verified"));
  });

  // Before the clauses, whose keys no secret opens.
  test("the example serves requests that come together to a Worker that has just started", async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, () => post("/login")));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    const { access, marker } = sessionCookiesOf(responses[9] ?? (await post("/login")));
    const cookie = `${access?.name}=${access?.value}; ${marker?.name}=${marker?.value}`;
    const me = await send(workerd?.port ?? 0, { path: "/me", headers: { cookie } });
    expect([me.status, me.json()]).toEqual([200, { userId: "alice" }]);
  });

  describe("the Durable Object of the example", () => {
    let results: StoreResults;

    beforeAll(async () => {
      results = (await ask("/~/clauses")) as StoreResults;
    });

    test.each(storeClauses)("$id $name", ({ id }) => {
      const fault = results["Durable Object"]?.[id];
      const limit = limitsOf("Durable Object")[id];
      if (limit === undefined) expect(fault).toBe(null);
      else expect(fault).toMatch(limit.error);
    });
  });
});
