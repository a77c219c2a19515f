/** Set-ups in which nothing is wrong, and the doctor says so. */
import { readFileSync, writeFileSync } from "node:fs";
import { request as ask } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import { refreshSession } from "counterfoil/express";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import express from "express";
import { memory, type SessionStore } from "counterfoil/memory";
import { sessionRoutes } from "counterfoil/express";
import { afterAll, expect, test } from "vitest";
import { CERTIFICATE, KEY } from "../fixtures/certificate.ts";
import { counterfoil } from "../fixtures/command.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { startPgBouncer } from "../servers/pgbouncer.ts";
import { startPathProxy } from "../servers/path-proxy.ts";
import { sharedPostgres, sharedRedisCluster } from "../servers/shared.ts";
import { endAll, mountRoutes, onEnd, openShop, serve } from "./apps.ts";
import { DIST, makeFolder, SECRET, withEnvironment, writeModule, writeSessions } from "./config-modules.ts";
import { examine, expectHealthy } from "./examine.ts";

afterAll(endAll);

const secret = `secret: ${JSON.stringify(SECRET)}`;

async function startOnce(store: SessionStore): Promise<void> {
  const sessions = createSessions({ store, secret: SECRET });
  await sessions.createNewSession("alice");
  await sessions.close();
}

describeWithServer("nginx", "nginx as in the guide, with a config", () => {
  const guide = readFileSync(new URL("../../docs/guide/behind-a-proxy.md", import.meta.url), "utf8");
  test.each(["strip", "keep", "rewrite"])("%s", async (name) => {
    const [, block = ""] = new RegExp(`^\`\`\`nginx ${name}\n(.*?)^\`\`\``, "ms").exec(guide) ?? [];
    const http = { publicOrigin: "http://shop.test", ...(name === "rewrite" ? {} : { basePath: "/shop" }) };
    const config = { cookie: { secure: false }, http } as const;
    const port = await openShop(config);
    const nginx = await startNginx(port, "", block.replaceAll("127.0.0.1:4000", `127.0.0.1:${port}`));
    onEnd(() => nginx.remove());
    const visit = ["http://shop.test/shop", "--connect", `127.0.0.1:${nginx.port}`];
    expectHealthy(await examine(...visit));
    const text = JSON.stringify(config).slice(1, -1);
    expectHealthy(await examine(writeSessions(`store: memory(), ${text}`), ...visit));
  });
});

test("two origins, of one site", async () => {
  const http = { publicOrigin: "http://api.shop.test", trustedOrigins: ["http://www.shop.test"] };
  const config = { cookie: { secure: false, domain: "shop.test" }, http } as const;
  const port = await openShop(config);
  const path = writeSessions(`store: memory(), ${JSON.stringify(config).slice(1, -1)}`);
  const { open, text } = await examine(path, "http://api.shop.test/", "--connect", `127.0.0.1:${port}`);
  expect(open).toEqual([]);
  expect(text).toContain('A page of "http://www.shop.test" can call the app.');
});

test("two apps on one host, with prefixes", async () => {
  const upstreams = Object.fromEntries(
    await Promise.all(
      ["shop", "blog"].map(async (name) => {
        const config = { cookie: { secure: false, prefix: `${name}_` }, http: { basePath: `/${name}` } };
        return [`/${name}`, { port: await openShop(config), strips: name === "shop" }] as const;
      }),
    ),
  );
  const proxy = await startPathProxy(upstreams);
  onEnd(async () => proxy[Symbol.asyncDispose]());
  for (const name of ["shop", "blog"]) {
    const path = writeSessions(
      `store: memory(), cookie: { secure: false, prefix: "${name}_" }, http: { basePath: "/${name}" }`,
    );
    expectHealthy(await examine(path, `http://localhost:${proxy.port}/${name}/`));
  }
});

test("localhost in development, with the defaults", async () => {
  const path = writeModule("export const sessions = createSessions();", DIST);
  const port = await openShop({});
  // The default store is in the working directory of the app.
  const { status, stdout, stderr } = await counterfoil(["doctor", path, `http://localhost:${port}`, "--json"], {
    NODE_ENV: "development",
  });
  expect([status, stderr]).toEqual([0, ""]);
  // There is no file of the default store here.
  expect(JSON.parse(stdout)).toMatchObject({ wrong: 0 });
});

test("an app that makes the default instance, in the process of the command", async () => {
  const path = join(makeFolder(), "own.db");
  const code = `await init({ store: sqlite({ path: ${JSON.stringify(path)} }) });
    console.log("listening"); setInterval(() => {}, 1000);`;
  const { status, stdout, stderr } = await counterfoil(["doctor", writeModule(code, DIST)]);
  expect([status, stderr.includes("listening")]).toEqual([0, true]);
  expect(stdout).toMatch(/^From inside: .*\n( {2}ok {4}.*\n)+\n0 wrong, 0 could not tell, \d+ ok\n$/);
});

test("__Host- cookies over https", async () => {
  const port = await openShop({ cookie: { hostPrefix: true } });
  const front = createServer({ key: KEY, cert: CERTIFICATE }, (incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const passed = ask({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => void front.listen(0, "127.0.0.1", resolve));
  onEnd(async () => void (front.closeAllConnections(), front.close()));
  const { port: secure } = front.address() as { readonly port: number };
  const authority = join(makeFolder(), "authority.pem");
  writeFileSync(authority, CERTIFICATE);
  const run = (host: string, env = {}): ReturnType<typeof counterfoil> =>
    counterfoil(["doctor", `https://${host}:${secure}`, "--connect", `127.0.0.1:${secure}`], env);
  const [own, unknown, other] = await Promise.all([
    run("localhost", { NODE_EXTRA_CA_CERTS: authority }),
    run("localhost"),
    run("shop.example", { NODE_EXTRA_CA_CERTS: authority }),
  ]);
  expect(own.stdout).toMatch(/^0 wrong, 0 could not tell, 1\d ok$/m);
  expect(own.stdout).toContain("Each cookie is Secure.");
  // Browsers may know an authority that this process does not.
  expect([unknown.status, unknown.stdout]).toEqual([0, expect.stringContaining("could not tell: The certificate")]);
  expect([other.status, other.stdout]).toEqual([1, expect.stringContaining("is of another name")]);
});

test("routes of the app's own", async () => {
  const sessions = createSessions({ store: memory(), cookie: { secure: false } });
  onEnd(() => sessions.close());
  const app = express();
  app.post("/session/refresh", async (request, response) => {
    try {
      await refreshSession(request, response, { sessions });
      response.json({});
    } catch {
      response.status(401).json({ message: "unauthorised" });
    }
  });
  mountRoutes(app, { sessions });
  const { wrong } = await examine(`http://localhost:${await serve(app)}`);
  expect(wrong.map(({ check, text }) => `${check}: ${text}`)).toEqual([]);
});

test("an app's own CORS set-up for other origins", async () => {
  const port = await openShop({ cookie: { secure: false } }, (app, own) => {
    app.use(sessionRoutes(own));
    app.use((_request, response, next) => {
      response.setHeader("access-control-allow-origin", "*");
      next();
    });
    mountRoutes(app, own);
  });
  expectHealthy(await examine(`http://localhost:${port}`));
});

describeWithServer("pgbouncer", "PostgreSQL behind PgBouncer", () => {
  test("in transaction mode, and in session mode with the feed", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    await startOnce(postgres({ url: server.url(database) }));
    const pooler = await startPgBouncer(server, [database]);
    onEnd(() => pooler.remove());
    const at = (mode: "transaction" | "session", more = ""): string =>
      writeSessions(`store: postgres({ url: ${JSON.stringify(pooler.url(database, mode))} }), ${secret} ${more}`);
    expect((await examine(at("transaction"))).open).toEqual([]);
    const feed = ', tokens: { accessToken: { revocation: "feed", feed: { listen: true } } }';
    const heard = await withEnvironment("production", () => examine(at("session", feed)));
    expect(heard.open).toEqual([]);
    expect(heard.text).toContain("Messages of the log of revocations arrive.");
  });
});

describeWithServer("redis", "a Redis cluster", () => {
  test("by its nodes", async () => {
    const urls = await sharedRedisCluster();
    const places = urls.map((url) => new URL(url).host);
    const prefix = `doctor${process.pid}:`;
    const { createCluster } = await import("redis");
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })) });
    await client.connect();
    await startOnce(redis({ client, keyPrefix: prefix }));
    await client.close();
    expect((await examine("--store", `redis+cluster://${places.join(",")}`, "--prefix", prefix)).open).toEqual([]);
  });
});
