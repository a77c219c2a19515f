/** A site that serves its working directory does not serve the secret. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { FRAMEWORKS } from "./fixtures.ts";
import { send } from "./send.ts";

describe.each(FRAMEWORKS)("$name's static files", ({ express }) => {
  test("do not include the secret that is made beside a database", async () => {
    const folder = mkdtempSync(join(tmpdir(), "counterfoil-"));
    const sessions = createSessions({ store: sqlite({ path: join(folder, "app.db") }) });
    await sessions.ready();
    const server = await listen(express().use(express.static(folder)));
    onTestFinished(async () => {
      await server.close();
      await sessions.close();
      rmSync(folder, { recursive: true });
    });
    const files = readdirSync(folder).filter((file) => file.includes("secret"));
    expect(files).toHaveLength(1);
    for (const file of files) expect((await send(server.port, { path: `/${file}` })).status).toBe(404);
    // It does serve the folder.
    expect((await send(server.port, { path: "/app.db" })).status).toBe(200);
  });
});
