/** What a Redis server or a port cannot do is told in words, by each driver. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { redis } from "counterfoil/redis";
import { describe, expect, test } from "vitest";
import { CERTIFICATE, KEY } from "../fixtures/certificate.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { freePort } from "../servers/free-port.ts";
import { makeApp } from "./app-folder.ts";
import { caught, temporaryFolder } from "./fixtures.ts";
import { DRIVERS, testServer } from "./redis-clients.ts";

/**
 * Tells what comes of the start with each URL; clients of the store's own, by the driver that is
 * installed.
 */
const PROGRAM = `
import { redis } from "counterfoil/redis";

for (const url of process.argv.slice(2)) {
  const store = redis({ url, ...(url.startsWith("rediss:") ? { tls: { rejectUnauthorized: false } } : {}) });
  console.log(await store.prepare().then(() => "ok", (error) => error.code + " " + error.message));
  await store.close();
}
`;

async function start(driver: string, urls: readonly string[]): Promise<string[]> {
  const app = makeApp(PROGRAM, [driver === "ioredis" ? "ioredis" : "redis"]);
  const { stdout } = await promisify(execFile)(process.execPath, [app, ...urls], { cwd: dirname(app) });
  return stdout.trim().split("\n");
}

describeWithServer("redis", "Redis, in words", () => {
  describe.each(DRIVERS)("$name", (driver) => {
    test.each(["EVAL", "EVALSHA", "ZADD", "TIME"])("%s taken away: it needs scripting", async (command) => {
      const server = await testServer({ args: ["--rename-command", command, ""] });
      const fault = await caught(redis({ client: driver.open(server.url, { enableReadyCheck: false }) }).prepare());
      expect(fault.code).toBe("STORE_UNSUITABLE");
      expect(fault.message).toMatch(/lacks a command, .*; it needs scripting \(EVAL, EVALSHA\)/);
    });

    test("a port that expects TLS, to a client without", async () => {
      const folder = temporaryFolder();
      const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
      writeFileSync(key, KEY);
      writeFileSync(certificate, CERTIFICATE);
      const port = await freePort();
      const files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate];
      const server = await testServer({ args: ["--tls-port", String(port), "--tls-auth-clients", "no", ...files] });
      expect(await start(driver.name, [`redis://127.0.0.1:${port}`, `rediss://127.0.0.1:${port}`, server.url])).toEqual(
        [
          expect.stringMatching(/^STORE_UNAVAILABLE the server cut the connection .*write rediss:, or tls: true/),
          "ok",
          "ok",
        ],
      );
    });

    test("a user who may not choose a database other than 0", async () => {
      const server = await testServer();
      const rights = "+@hash +@sortedset +@scripting +del +time +info +wait";
      await server.admin("ACL", "SETUSER", "app", "on", ">app", "~counterfoil:*", ...rights.split(" "));
      const url = `redis://app:app@127.0.0.1:${server.port}/5`;
      const refused = await start(driver.name, [url]);
      expect(refused).toEqual([expect.stringMatching(/^STORE_UNSUITABLE .* lacks a right/)]);
      expect(refused[0]).toContain(`${rights}, and +select for a database other than 0`);
      await server.admin("ACL", "SETUSER", "app", "+select");
      expect(await start(driver.name, [url])).toEqual(["ok"]);
    });
  });
});
