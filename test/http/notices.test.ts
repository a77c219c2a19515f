/** What the process is told of a set-up that cannot work, and what it is not told. */
import type { SessionEvents } from "counterfoil";
import { beforeEach, describe, expect, test } from "vitest";
import { FRAMEWORKS, startApp, type TestApp } from "./fixtures.ts";

interface Warning extends Error {
  readonly code?: string;
}

let warnings: Warning[] = [];
beforeEach(() => {
  warnings = [];
  const note = (warning: Warning): void => void warnings.push(warning);
  process.on("warning", note);
  return () => void process.off("warning", note);
});

/** Node hands warnings to listeners a moment later. */
async function told(): Promise<readonly (string | undefined)[]> {
  await new Promise(setImmediate);
  return warnings.map(({ code }) => code);
}

const refusedOf = (app: TestApp): SessionEvents["request-refused"][] => {
  const events: SessionEvents["request-refused"][] = [];
  app.sessions.on("request-refused", (event) => void events.push(event));
  return events;
};

const [{ express }] = FRAMEWORKS;

describe("an origin that is not known", () => {
  const config = { http: { publicOrigin: "https://shop.example", trustedOrigins: ["https://app.example"] } };

  test("is told of with what was seen, what is configured, and the line to write", async () => {
    const app = await startApp({ express, config });
    const events = refusedOf(app);
    for (let count = 0; count < 3; count += 1)
      await app.send({ method: "POST", path: "/login", headers: { origin: "https://new.example:4000" } });
    expect(await told()).toEqual(["COUNTERFOIL_ORIGIN"]);
    expect(warnings[0]?.message).toBe(
      'A request from the Origin "https://new.example:4000" was refused as one of another site (403 csrf). ' +
        'http.publicOrigin is "https://shop.example"; http.trustedOrigins is ["https://app.example"]. ' +
        'If the page is yours: where this is the address of this very app, write http: { publicOrigin: "https://new.example:4000" }; ' +
        'where it is another one, write http: { trustedOrigins: ["https://app.example", "https://new.example:4000"] }. ' +
        "See docs/guide/troubleshooting.md#counterfoil_origin",
    );
    expect(events).toEqual([{ code: "CSRF_REFUSED", notice: "COUNTERFOIL_ORIGIN", count: 1, since: app.clock.now }]);
    await app[Symbol.asyncDispose]();
  });
});
