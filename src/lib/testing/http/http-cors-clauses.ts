import { deepStrictEqual as same, ok } from "node:assert";
import {
  against,
  call,
  FOREIGN,
  credentialsOf,
  type HttpClause,
  SHOP_CONFIG,
  signIn,
  TRUSTED,
  withCookies,
} from "./http-app.ts";

export const corsClauses: readonly HttpClause[] = [
  {
    id: "cors-1",
    name: "MUST answer the preflight of a trusted origin, with credentials and every header spelt out, on every route",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        for (const path of ["/session/refresh", "/api", "/login"]) {
          const response = await call(app, path, {
            method: "OPTIONS",
            headers: {
              origin: TRUSTED,
              "access-control-request-method": "POST",
              "access-control-request-headers": "anti-csrf,x-own",
            },
          });
          same([path, response.status, response.text], [path, 204, ""]);
          same(response.header("access-control-allow-origin"), TRUSTED);
          same(response.header("access-control-allow-credentials"), "true");
          const allowed = (response.header("access-control-allow-headers") ?? "").split(", ");
          for (const name of ["anti-csrf", "rid", "st-auth-mode", "authorization", "x-own"])
            ok(allowed.includes(name), name);
          ok(!allowed.includes("*"));
          ok((response.header("access-control-allow-methods") ?? "").includes("POST"));
          ok(response.all("vary").join(",").toLowerCase().includes("origin"));
        }
      }),
  },
  {
    id: "cors-2",
    name: "MUST let a trusted origin read every answer, refusals among them, and expose the headers that clients need",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        const own = await signIn(app);
        const origin = TRUSTED;
        for (const headers of [{ ...withCookies(own), origin }, { origin }]) {
          const response = await call(app, "/api", { headers });
          same(response.header("access-control-allow-origin"), TRUSTED);
          same(response.header("access-control-allow-credentials"), "true");
          const exposed = (response.header("access-control-expose-headers") ?? "").split(", ");
          for (const name of ["anti-csrf", "front-token", "id-refresh-token", "st-access-token", "st-refresh-token"])
            ok(exposed.includes(name), name);
          ok(response.all("vary").join(",").toLowerCase().includes("origin"));
        }
      }),
  },
  {
    id: "cors-3",
    name: "MUST give no other origin anything, and nothing at all where none is trusted",
    run: async (start) => {
      for (const config of [SHOP_CONFIG, {}]) {
        await against(start, { config }, async (app) => {
          for (const method of ["OPTIONS", "GET"]) {
            const headers = { origin: FOREIGN, "access-control-request-method": "POST" };
            const response = await call(app, "/api", { method, headers });
            same(
              response.headers.filter(([name]) => name.startsWith("access-control-")),
              [],
            );
          }
        });
      }
    },
  },
  {
    id: "cors-4",
    name: "MUST let clients read what they need and what the app exposes, in either order",
    async run(start) {
      for (const ownCors of ["first", "last"] as const) {
        await against(start, { config: SHOP_CONFIG, ownCors }, async (app) => {
          const signingIn = await call(app, "/login", { method: "POST", headers: { origin: TRUSTED } });
          const own = credentialsOf(signingIn);
          const response = await call(app, "/api", { headers: { ...withCookies(own), origin: TRUSTED } });
          same([signingIn.status, response.status], [200, 200]);
          for (const { header } of [signingIn, response]) {
            same(header("access-control-allow-origin"), TRUSTED);
            same(header("access-control-allow-credentials"), "true");
            const exposed = (header("access-control-expose-headers") ?? "").toLowerCase().split(", ");
            for (const name of ["x-total", "anti-csrf", "counterfoil-session", "www-authenticate"])
              same([ownCors, name, exposed.filter((one) => one === name)], [ownCors, name, [name]]);
          }
          const refused = await call(app, "/api", { headers: { origin: TRUSTED } });
          same([refused.status, refused.header("access-control-allow-origin")], [401, TRUSTED]);
          ok((refused.header("access-control-expose-headers") ?? "").includes("www-authenticate"));
        });
      }
    },
  },
  {
    id: "cors-5",
    name: "MUST vary by Origin where one is trusted, for every client, and whatever the app varies by",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        const own = await signIn(app);
        for (const path of ["/api", "/cached", "/cached-before"]) {
          for (const from of [{}, { origin: FOREIGN }, { origin: TRUSTED }]) {
            const response = await call(app, path, { headers: { ...withCookies(own), ...from } });
            const names = response.all("vary").flatMap((value) => value.toLowerCase().split(/ *, */));
            same([path, response.status, names.filter((name) => name === "origin")], [path, 200, ["origin"]]);
          }
        }
      }),
  },
];
