import { DatabaseSync } from "node:sqlite";
import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { expect, test } from "vitest";

const SESSIONS = 2000;

/** What a session takes of a SQLite database, its indexes included. */
async function bytesOfRow(sessionData: object): Promise<number> {
  const database = new DatabaseSync(":memory:");
  const sessions = createSessions({
    store: sqlite({ database }),
    secret: "a secret of more than thirty-two characters",
  });
  const bytes = (): number => {
    // Pages that splits have left half empty would count.
    database.exec("VACUUM");
    const { pages } = database.prepare("SELECT page_count AS pages FROM pragma_page_count").get() as { pages: number };
    const { size } = database.prepare("SELECT page_size AS size FROM pragma_page_size").get() as { size: number };
    return pages * size;
  };
  await sessions.ready();
  const before = bytes();
  for (let user = 0; user < SESSIONS; user += 1)
    await sessions.createNewSession(`user-${user}`, { role: "admin" }, sessionData, {
      device: { userAgent: USER_AGENT },
    });
  const row = (bytes() - before) / SESSIONS;
  await sessions.close();
  database.close();
  return row;
}

const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

test("a session takes few bytes of a database", async () => {
  const row = await bytesOfRow({});
  console.log(`a row with its indexes: ${row.toFixed(0)} bytes`);
  expect(row).toBeLessThan(310);
});

test("200 bytes more in each row are seen", async () => {
  expect(await bytesOfRow({ more: "x".repeat(200) })).toBeGreaterThan(310);
});
