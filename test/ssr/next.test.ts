import { beforeAll, expect, test } from "vitest";
import { describeInBrowser } from "./browser-situations.ts";
import { describeHostPrefix } from "./host-situations.ts";
import { testNextNavigation } from "./next-navigation.ts";
import { buildNext, readTraced, serveNext } from "./next-server.ts";
import { describePageLoads } from "./situations.ts";

beforeAll(buildNext);

test("a host that deploys only what Next has traced gets all that the library reads", () => {
  for (const part of ["dist/sqlite.js", "package.json", "migrations/sqlite/0001_sessions.sql"]) {
    expect(readTraced("app/login/route.js")).toContainEqual(expect.stringMatching(`/counterfoil/${part}$`));
  }
});

describePageLoads("Next.js", serveNext);
describeHostPrefix("Next.js", serveNext);
describeInBrowser("Next.js", serveNext, testNextNavigation);
