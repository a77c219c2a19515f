import { afterAll, beforeAll, expect, test } from "vitest";
import type { BundledStore } from "../package/bundled/sign-in.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb, sharedPostgres, sharedRedis } from "../servers/shared.ts";
import { describeInBrowser } from "./browser-situations.ts";
import { describeHostPrefix } from "./host-situations.ts";
import { testNextNavigation } from "./next-navigation.ts";
import { buildNext, removeNext, serveNext } from "./next-server.ts";
import { type PageServer, startPages } from "./page-server.ts";
import { describePageLoads } from "./situations.ts";

/**
 * Each start costs some seconds of CPU, so that tests share one where its config does not matter.
 */
let server: PageServer;
beforeAll(async () => {
  await buildNext();
  server = await startPages(serveNext);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  removeNext();
});

async function signIn(...stores: readonly (readonly [BundledStore, string])[]): Promise<unknown> {
  const answer = await fetch(`${server.origin}/stores`, { method: "POST", body: JSON.stringify(stores) });
  return answer.json();
}

const SIGNED_IN = "signed in as alice";

test("the app that Next has traced signs in on memory", async () => {
  expect(await signIn(["memory", ""])).toEqual([SIGNED_IN]);
});

describeWithServer("mariadb", "the app that Next has traced", () => {
  test("signs in on MariaDB, by a URL and by a pool", async () => {
    const database = await sharedMariaDb();
    const url = database.url(await database.createDatabase());
    expect(await signIn(["mysql", url], ["mysql's pool", url])).toEqual([SIGNED_IN, SIGNED_IN]);
  });
});

describeWithServer("postgres", "the app that Next has traced", () => {
  test("signs in on PostgreSQL, by a URL and by a pool", async () => {
    const database = await sharedPostgres();
    const url = database.url(await database.createDatabase());
    expect(await signIn(["postgres", url], ["postgres's pool", url])).toEqual([SIGNED_IN, SIGNED_IN]);
  });
});

describeWithServer("redis", "the app that Next has traced", () => {
  test("signs in on Redis, by a URL and by a client", async () => {
    const url = await sharedRedis();
    expect(await signIn(["redis", url], ["redis's client", url])).toEqual([SIGNED_IN, SIGNED_IN]);
  });
});

describeInBrowser("Next.js", () => server, testNextNavigation);
describePageLoads("Next.js", () => server, serveNext);
describeHostPrefix("Next.js", serveNext);
