/**
 * Adapters of Node's own requests ask `mayConcernRoutes` before they make an exchange. What it lets
 * them skip must be what the routes have nothing to do with.
 */
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { type CounterfoilConfig, createSessions, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { ROUTES } from "../../protocol.ts";
import { createRouteMiddleware } from "./adapters/route-middleware.ts";
import { httpContextOf } from "./context.ts";
import { createNodeExchange, type NodeRequest, type NodeResponse } from "./exchange/node-exchange.ts";
import { findAsked } from "./routes.ts";

const CONFIGS: Readonly<Record<string, CounterfoilConfig>> = {
  "the default config": {},
  "a refresh route elsewhere": { tokens: { refreshToken: { renewTokenPath: "/a/b-c/renew" } } },
  "a base path": { http: { basePath: "/app" } },
  "a public origin": { http: { publicOrigin: "https://app.example" } },
  "the dialect of SuperTokens": {
    http: { dialects: ["counterfoil", "supertokens"] },
    tokens: { refreshToken: { renewTokenPath: "/auth/session/refresh" } },
  },
};

const METHODS = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "QUERY", "post", undefined];

const PATHS = [
  "/session/refresh",
  "/a/b-c/renew",
  "/auth/session/refresh",
  "/auth/signout",
  ...Object.values(ROUTES),
  "/like",
];

/** How one path may be written. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `/app${path}`,
  (path) => `/session${path}`,
  (path) => `/else/where${path}/`,
  (path) => `/${path}`,
  (path) => `${path}?to=/page#there`,
  (path) => `/like?${path}`,
  (path) => `${path}#`,
  (path) => `http://app.example${path}`,
  (path) => path.replaceAll("s", "%73"),
  (path) => path.toUpperCase(),
  (path) => `${path};v=1`,
  (path) => path.slice(1),
  () => "",
];

const ORIGINS = [undefined, "", "null", "https://app.example", "https://else.example"];

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "access-control-request-method": "POST", host: "app.example" },
  { "sec-fetch-mode": "navigate", accept: "text/html" },
  { "sec-fetch-mode": "cors", "sec-fetch-site": "same-site" },
];

/** Below a mounted router of Express, `url` is without the path that the router is mounted at. */
const ADDRESSES: readonly ((url: string) => { readonly url: string; readonly originalUrl?: string })[] = [
  (url) => ({ url }),
  (url) => ({ url: "/", originalUrl: url }),
];

function* allRequests(): Generator<NodeRequest> {
  for (const method of METHODS)
    for (const path of PATHS)
      for (const spell of SPELLINGS)
        for (const origin of ORIGINS)
          for (const given of HEADERS)
            for (const address of ADDRESSES) {
              const headers = origin === undefined ? given : { ...given, origin };
              yield { method, ...address(spell(path)), headers, rawHeaders: [], socket: {} } as unknown as NodeRequest;
            }
}

/** Whether a look at a request finds a route, or watches the response. */
function concerns(look: (response: NodeResponse) => boolean): boolean {
  const writeHead = (): void => undefined;
  const response = { headersSent: false, writeHead, getHeader: () => undefined, setHeader: () => undefined };
  return look(response as unknown as NodeResponse) || response.writeHead !== writeHead;
}

test.each(Object.entries(CONFIGS))("with %s no request is skipped that the routes have to do with", (_, config) => {
  // A route that is found waits for the store to open, and nobody waits for the route.
  const sessions: Sessions = createSessions({ store: memory(), secret: SECRET, ...config });
  onTestFinished(() => sessions.close());
  const http = httpContextOf(sessions);
  const middleware = createRouteMiddleware({ sessions });
  let concerned = 0;
  for (const request of allRequests()) {
    const isConcerned = concerns((response) => findAsked(http, createNodeExchange(request, response)) !== undefined);
    const isKept = concerns((response) => {
      let isPassedOn = false;
      middleware(request, response, () => (isPassedOn = true));
      return !isPassedOn;
    });
    if (isKept !== isConcerned) expect.fail(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    if (isConcerned) concerned += 1;
  }
  expect(concerned).toBeGreaterThan(100);
});
