import "./test-database.ts";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startApp } from "../src/app.ts";

let app: Awaited<ReturnType<typeof startApp>>;
before(async () => {
  app = await startApp(0);
});
after(() => app.close());

/** A browser: it keeps cookies, and sends the anti-CSRF token along. */
function openBrowser() {
  const cookies = new Map<string, string>();
  let antiCsrf = "";
  return async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = {};
    if (cookies.size > 0) Object.assign(headers, { "anti-csrf": antiCsrf, cookie: [...cookies.values()].join("; ") });
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await fetch(app.url + path, { method, headers, body: body ? JSON.stringify(body) : null });
    antiCsrf = response.headers.get("anti-csrf") ?? antiCsrf;
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name = "", value = ""] = pair.split("=");
      if (value === "" || /max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, pair);
    }
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}

test("a user signs up, uses the app, and signs out", async () => {
  const alice = openBrowser();
  const name = `alice-${randomUUID()}`;
  const password = "open sesame";
  assert.equal((await alice("GET", "/api/me")).status, 401);

  assert.equal((await alice("POST", "/api/sign-up", { name, password })).status, 200);
  assert.deepEqual((await alice("GET", "/api/me")).body, { name, role: "member", likes: 0 });
  assert.deepEqual((await alice("POST", "/api/like")).body, { likes: 1 });
  assert.deepEqual((await alice("GET", "/api/users")).body, { message: "invalid claim", claim: "role" });

  assert.equal((await alice("POST", "/session/refresh")).status, 200);
  assert.deepEqual((await alice("POST", "/api/like")).body, { likes: 2 });
  assert.equal((await alice("POST", "/session/signout")).status, 200);
  assert.equal((await alice("POST", "/api/like")).status, 401);

  const phone = openBrowser();
  assert.equal((await phone("POST", "/api/sign-up", { name, password })).status, 409);
  assert.equal((await phone("POST", "/api/sign-in", { name, password: "guess" })).status, 401);
  assert.equal((await phone("POST", "/api/sign-in", { name, password })).status, 200);
  assert.deepEqual((await phone("GET", "/api/me")).body, { name, role: "member", likes: 0 });
});

test("a bad request is answered as one", async () => {
  const { status, body } = await openBrowser()("POST", "/api/sign-in", { name: ["alice"] });
  assert.deepEqual({ status, body }, { status: 400, body: { message: "Please give a name and a password." } });
});
