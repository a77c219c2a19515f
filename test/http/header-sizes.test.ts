/** What an nginx with its default buffers lets through, against the table of the guide. */
import { readFileSync } from "node:fs";
import { createNewSession } from "counterfoil/express";
import { expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { FRAMEWORKS, route, startApp } from "./fixtures.ts";
import { send, type SentHeaders } from "./send.ts";

const GUIDE = readFileSync(new URL("../../docs/guide/csrf.md", import.meta.url), "utf8");
const SPOKEN = { http: { dialects: ["counterfoil", "supertokens"] } } as const;
const ROWS: readonly { readonly name: string; readonly config: object; readonly headers: SentHeaders }[] = [
  { name: "cookies", config: {}, headers: {} },
  { name: "cookies, SuperTokens dialect, clients 15 and later", config: SPOKEN, headers: { rid: "anti-csrf" } },
  { name: "cookies, SuperTokens dialect, older clients", config: SPOKEN, headers: {} },
  { name: "tokens in headers", config: {}, headers: { "st-auth-mode": "header" } },
  { name: "tokens in headers, SuperTokens dialect", config: SPOKEN, headers: { "st-auth-mode": "header" } },
];

/** The largest number that passes, between two of which the first does. */
async function largest(passes: (size: number) => Promise<boolean>, low: number, high: number): Promise<number> {
  if (high - low < 2) return low;
  const middle = Math.floor((low + high) / 2);
  return (await passes(middle)) ? largest(passes, middle, high) : largest(passes, low, middle);
}

const [{ express }] = FRAMEWORKS;

describeWithServer("nginx", "claims in the response to a sign-in, behind nginx with its defaults", () => {
  test.each(ROWS)("$name", async ({ name, config, headers }) => {
    await using app = await startApp({
      express,
      config,
      extend(own, sessions) {
        own.post(
          "/sized",
          route(async (request, response) => {
            const pad = "x".repeat(Number(request.query["size"]) - '{"pad":""}'.length);
            await createNewSession(request, response, "alice", { sessions, jwtPayload: { pad } });
            response.json({});
          }),
        );
      },
    });
    const nginx = await startNginx(app.port);
    try {
      // Where the headers fill the buffer to the last bytes, nginx closes the connection instead.
      const statusOf = (size: number): Promise<number> =>
        send(nginx.port, { method: "POST", path: `/sized?size=${size}`, headers }).then(
          ({ status }) => status,
          () => 0,
        );
      expect([await statusOf(100), await statusOf(2500)]).toEqual([200, 502]);
      const found = await largest(async (size) => (await statusOf(size)) === 200, 100, 2500);
      const row = GUIDE.split("\n").find((line) => line.startsWith(`| ${name} |`));
      // The guide names a size that is safe: of what is left some bytes are the length of a user
      // id.
      const told = Number(/\| (\d+) bytes/.exec(row ?? "")?.[1]);
      expect(found, `${name}: ${found}`).toBeGreaterThanOrEqual(told);
      expect(found, `${name}: ${found}`).toBeLessThan(told + 100);
    } finally {
      await nginx.remove();
    }
  });
});
