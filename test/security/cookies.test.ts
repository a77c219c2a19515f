/** Cookie headers that are read in another way elsewhere: the request is never another user's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Credentials, FRAMEWORKS, signIn, startApp, type TestApp } from "../http/fixtures.ts";

const [{ express }] = FRAMEWORKS;
let app: TestApp;
let alice: Credentials;
let bob: Credentials;
let name: string;

beforeAll(async () => {
  app = await startApp({ express, config: { cookie: { hostPrefix: false } } });
  [alice, bob] = [await signIn(app, "user=alice"), await signIn(app, "user=bob")];
  name = alice.names.access;
});
afterAll(() => app[Symbol.asyncDispose]());

/** The header, and who the request is of: `alice`, nobody, or the status of a refusal. */
const ROWS: Readonly<Record<string, readonly [header: () => string | readonly string[], expected: string | number]>> = {
  "alice's alone": [() => `${name}=${alice.access}`, "alice"],
  "attributes of an old RFC before it": [() => `$Version=1; ${name}=${alice.access}; $Path=/`, "alice"],
  "the name in the value of another": [() => `a=${name}=${bob.access}; ${name}=${alice.access}`, "alice"],
  "the name in a quoted value with a separator": [
    () => `a="x,${name}=${bob.access}"; ${name}=${alice.access}`,
    "alice",
  ],
  "the name behind a comma": [() => `${name}=${alice.access}; a=1,${name}=${bob.access}`, "alice"],
  "the name behind a blank": [() => `${name}=${alice.access}; a=1 ${name}=${bob.access}`, "alice"],
  "the name with a part before": [() => `x${name}=${bob.access}; ${name}=${alice.access}`, "alice"],
  "the name with a part behind": [() => `${name}x=${bob.access}; ${name}=${alice.access}`, "alice"],
  "the name with a dot or brackets": [
    () => `${name}.0=${bob.access}; ${name}[]=${bob.access}; ${name}=${alice.access}`,
    "alice",
  ],
  "the name in percent encoding": [
    () => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=${bob.access}; ${name}=${alice.access}`,
    "alice",
  ],
  "the value with a quote before": [() => `${name}="${bob.access}; ${name}=${alice.access}`, 401],
  "quotes that are open around it": [() => `$Version=1; a="x; ${name}=${alice.access}; ${name}="${bob.access}`, 401],
  "quotes of others around it": [() => `$Version=1; a="x; ${name}=${alice.access}; b=y"`, "alice"],
  "a stranger's in quotes beside it": [() => `${name}="${bob.access}"; ${name}=${alice.access}`, 401],
  "the same in quotes beside it": [() => `${name}="${alice.access}"; ${name}=${alice.access}`, "alice"],
  "a stranger's under the name of another app": [
    () => `shop_${name}=${bob.access}; __Host-shop_${name}=${bob.access}; ${name}=${alice.access}`,
    "alice",
  ],
  "the value with a backslash": [() => `${name}=\\${bob.access}`, 401],
  "a stranger's beside it": [() => `${name}=${bob.access}; ${name}=${alice.access}`, 401],
  "a stranger's in another line": [() => [`${name}=${alice.access}`, `${name}=${bob.access}`], 401],
  "forty of a stranger's": [
    () => `${Array.from({ length: 40 }, () => `${name}=${bob.access}`).join("; ")}; ${name}=${alice.access}`,
    401,
  ],
  "an empty one on each side": [() => `${name}=; ${name}=${alice.access}; ${name}=`, "alice"],
  "a stranger's under the name with the prefix": [
    () => `__Host-${name}=${bob.access}; ${name}=${alice.access}`,
    "alice",
  ],
  "a stranger's under the name with another prefix": [
    () => `__Secure-${name}=${bob.access}; ${name}=${alice.access}`,
    "alice",
  ],
};

test.each(Object.keys(ROWS))("%s", async (row) => {
  const [header, expected] = ROWS[row] ?? expect.fail("there is no such row");
  const answer = await app.send({ path: "/api", headers: { cookie: header() } });
  const found = answer.status === 200 ? (answer.json() as { readonly user: unknown }).user : answer.status;
  expect(found).toBe(expected);
});
