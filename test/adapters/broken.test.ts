/** The list can fail: adapters with one fault each, and the clauses that find it. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { httpClauses } from "counterfoil/testing";
import { expect, test } from "vitest";
import { createNodeListener } from "./node.ts";
import {
  comesBackAnywhere,
  judgesAnew,
  keepsWhatItFinds,
  refreshesWhateverIsRefused,
  rendersEndedSessions,
  type Routes,
} from "./broken-routes.ts";
import type { Setup } from "./setup.ts";
import { listen } from "../fixtures/listen.ts";
import { startSubject, type Subject } from "./subject.ts";

interface Fault {
  readonly name: string;
  /** Clauses that must find it; others may. */
  readonly found: readonly string[];
  /** Breaks the pair before the sound adapter gets it. */
  readonly break?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Routes in place of those of the sound adapter. */
  readonly instead?: (setup: Setup) => Routes;
}

/** Changes what is set as a header of the answer; undefined keeps it from being set. */
function onSetHeader(
  response: ServerResponse,
  change: (name: string, value: unknown) => string | string[] | undefined,
): void {
  const setHeader = response.setHeader.bind(response);
  response.setHeader = (name, value) => {
    const changed = change(name.toLowerCase(), value);
    return changed === undefined ? response : setHeader(name, changed);
  };
}

const asList = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [value as string]);

const FAULTS: readonly Fault[] = [
  {
    name: "keeps only the last cookie of an answer",
    found: ["cookies-1", "cookies-3", "cookies-6", "answers-10"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) => (name === "set-cookie" ? asList(value).slice(-1) : asList(value))),
  },
  {
    name: "leaves out when a cookie expires, where Max-Age says it",
    found: ["cookies-1", "cookies-2", "answers-10"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) =>
        name === "set-cookie" ? asList(value).map((line) => line.replace(/; Expires=[^;]*/, "")) : asList(value),
      ),
  },
  {
    name: "reads no cookie in quotes",
    found: ["cookies-8"],
    break(request) {
      const pairs = request.headers.cookie?.split(";").filter((pair) => !pair.includes('="'));
      if (pairs !== undefined) request.headers.cookie = pairs.join(";");
    },
  },
  {
    name: "loses the app's own cookies",
    found: ["cookies-1"],
    break(_request, response) {
      const appendHeader = response.appendHeader.bind(response);
      response.appendHeader = (name, value) => (name === "set-cookie" ? response : appendHeader(name, value));
    },
  },
  {
    name: "lets caches keep an answer with cookies",
    found: ["cookies-1", "answers-1", "transport-1", "pages-1"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) => (name === "cache-control" ? undefined : asList(value))),
  },
  {
    name: "lets the app's Vary and Cache-Control replace those of the check",
    found: ["caches-1", "caches-2", "caches-4", "cors-5"],
    break(_request, response) {
      const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
      // So that no hook can be laid over it.
      Object.defineProperty(response, "writeHead", { get: () => writeHead, set() {} });
    },
  },
  {
    name: "takes the last of two cookies",
    found: ["hostile-4", "hostile-5", "hostile-8", "hostile-9"],
    break(request) {
      const pairs = (request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]);
      if (request.headers.cookie !== undefined)
        request.headers.cookie = [...new Map<string, string>(pairs)]
          .map(([name, value]) => `${name}=${value}`)
          .join("; ");
    },
  },
  {
    name: "takes the first of two cookies",
    found: ["hostile-4", "hostile-5", "hostile-9"],
    break(request) {
      const pairs = (request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=") as [string, string]);
      const first = [...new Map<string, string>(pairs.toReversed())];
      if (request.headers.cookie !== undefined)
        request.headers.cookie = first.map(([name, value]) => `${name}=${value}`).join("; ");
    },
  },
  {
    name: "sees no more than three cookies of one name",
    found: ["hostile-11"],
    break(request) {
      const seen = new Map<string, number>();
      const pairs = request.headers.cookie?.split("; ").filter((pair) => {
        const [name = ""] = pair.split("=");
        seen.set(name, (seen.get(name) ?? 0) + 1);
        return (seen.get(name) ?? 0) <= 3;
      });
      if (pairs !== undefined) request.headers.cookie = pairs.join("; ");
    },
  },
  {
    name: "cuts cookies that are too long",
    found: ["hostile-7"],
    break(request) {
      const pairs = request.headers.cookie?.split("; ").map((pair) => pair.slice(0, 4000));
      if (pairs !== undefined) request.headers.cookie = pairs.join("; ");
    },
  },
  {
    name: "does not see where a request comes from",
    found: ["csrf-1", "csrf-2", "csrf-3", "answers-6", "answers-16", "answers-20", "answers-22", "transport-8"],
    break(request) {
      delete request.headers.origin;
      delete request.headers["sec-fetch-site"];
    },
  },
  {
    name: "takes a link of another site for one of its own",
    found: ["csrf-7"],
    break(request) {
      if (request.headers["sec-fetch-mode"] === "navigate") delete request.headers["sec-fetch-site"];
    },
  },
  {
    name: "takes X-Forwarded-Host and the like for granted: every origin is the own one",
    found: ["csrf-1", "answers-6"],
    break(request) {
      if (request.headers.origin !== undefined) request.headers["sec-fetch-site"] = "same-origin";
    },
  },
  {
    name: "judges where a request in header transport comes from, by one method",
    found: ["csrf-1"],
    break(request) {
      if (request.method === "PATCH" && request.headers["sec-fetch-site"] === "cross-site")
        delete request.headers.authorization;
    },
  },
  {
    name: "takes a slash at the end of a path for another route",
    found: ["paths-1"],
    break(request) {
      request.url = request.url?.replace(/\/(?=$|\?)/, "/index");
    },
  },
  {
    name: "takes every slash at the end of a path away",
    found: ["paths-1"],
    break(request) {
      request.url = request.url?.replace(/\/+(?=$|\?)/, "");
    },
  },
  {
    name: "shows the app's own paths to browsers, without what the proxy strips",
    found: ["paths-2", "paths-3"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) =>
        name === "set-cookie" ? asList(value).map((line) => line.replace("Path=/shop/", "Path=/")) : asList(value),
      ),
  },
  {
    name: "sends page loads to the app's own paths, without what the proxy strips",
    found: ["paths-4"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) =>
        name === "location" ? String(value).replace(/^\/shop/, "") : asList(value),
      ),
  },
  {
    name: "knows our cookies by their plain names alone",
    found: ["paths-5"],
    break(request) {
      const pairs = request.headers.cookie?.split("; ").filter((pair) => /^(?:__Host-)?s[A-Z]/.test(pair));
      if (pairs !== undefined) request.headers.cookie = pairs.join("; ");
    },
  },
  {
    name: "takes the base path for a part of the app's own paths",
    found: ["paths-3"],
    break(request) {
      request.url = request.url?.replace(/^\/shop\//, "/app/shop/");
    },
  },
  {
    name: "sends a status of its own for a refusal",
    found: ["answers-1", "answers-10", "answers-17", "dialect-3", "transport-7"],
    break(_request, response) {
      const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
      response.end = (body?: unknown) => {
        response.statusCode = 200;
        return end(body);
      };
    },
  },
  {
    name: "tells why a request was refused, whatever http.diagnostics says",
    found: ["answers-2", "answers-3", "answers-10"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) =>
        name === "www-authenticate" ? `${String(value)}, error_description="it has been revoked"` : asList(value),
      ),
  },
  {
    name: "does not see which transport is asked for",
    found: ["transport-1", "transport-10", "transport-11", "transport-14", "dialect-5"],
    break: (request) => void delete request.headers["st-auth-mode"],
  },
  {
    name: "takes the mode that a client names for the only one whose tokens count",
    found: ["transport-3", "transport-13", "transport-14"],
    break(request) {
      const mode = String(request.headers["st-auth-mode"]).toLowerCase();
      if (mode === "header") delete request.headers.cookie;
      if (mode !== "cookie") return;
      delete request.headers.authorization;
      delete request.headers["st-access-token"];
      delete request.headers["st-refresh-token"];
    },
  },
  {
    name: "does not see the cookies of a sign-in in header mode",
    found: ["transport-12"],
    break(request) {
      if (request.url?.startsWith("/login") === true && request.headers["st-auth-mode"] === "header")
        delete request.headers.cookie;
    },
  },
  {
    name: "keeps browsers from header mode, whatever http.transports says",
    found: ["transport-8", "transport-9"],
    break(request) {
      if (request.headers["sec-fetch-site"] !== undefined) delete request.headers["st-auth-mode"];
    },
  },
  {
    name: "hands cookies on as headers",
    found: ["transport-11"],
    break(request) {
      const value = /=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
      if (value !== undefined) request.headers["st-access-token"] ??= value;
    },
  },
  {
    name: "takes the last of two Authorization headers",
    found: ["transport-6"],
    break(request) {
      const last = request.headersDistinct["authorization"]?.at(-1);
      if (last === undefined) return;
      request.headers.authorization = last;
      request.rawHeaders = ["authorization", last];
    },
  },
  {
    name: "answers preflights of any origin",
    found: ["cors-3"],
    break(request, response) {
      if (request.headers.origin !== undefined)
        response.setHeader("access-control-allow-origin", request.headers.origin);
    },
  },
  {
    name: "exposes its own headers alone",
    found: ["cors-4"],
    break: (_request, response) =>
      onSetHeader(response, (name, value) =>
        name === "access-control-expose-headers" ? String(value).replace("X-Total, ", "") : asList(value),
      ),
  },
  {
    name: "knows only the path, and not the query",
    found: ["answers-25", "pages-1"],
    break(request) {
      if (!(request.url ?? "").startsWith("/login")) request.url = (request.url ?? "").replace(/\?.*/s, "");
    },
  },
  {
    name: "refreshes a page whatever it was refused for, and demands nothing of the new token",
    found: ["pages-8", "pages-9", "pages-10"],
    instead: refreshesWhateverIsRefused,
  },
  { name: "renders a page for a session that has ended", found: ["pages-11"], instead: rendersEndedSessions },
  {
    name: "comes back from the refresh route to any address",
    found: ["pages-5", "pages-12"],
    instead: comesBackAnywhere,
  },
  { name: "judges a request anew each time that it asks", found: ["pages-13"], instead: judgesAnew },
  {
    name: "takes what others have left on the request for its session",
    found: ["mounting-5", "mounting-6"],
    instead: keepsWhatItFinds,
  },
  {
    name: "keeps what a handler has said of a body that never comes",
    found: ["answers-28"],
    break(_request, response) {
      response.removeHeader = () => response;
    },
  },
  {
    name: "does not see that another site asks for an image and not for a page",
    found: ["csrf-6"],
    break(request) {
      delete request.headers["sec-fetch-mode"];
      delete request.headers["sec-fetch-dest"];
    },
  },
];

test.each(FAULTS)("an adapter that $name is found out", async ({ found, break: breakPair, instead }) => {
  const subject: Subject = {
    name: "broken",
    async listen(setup) {
      const sound: RequestListener = createNodeListener(setup);
      const routes = instead?.(setup) ?? {};
      return listen((request, response) => {
        breakPair?.(request, response);
        (routes[(request.url ?? "").replace(/\?.*/s, "")] ?? sound)(request, response);
      });
    },
  };
  const broken: string[] = [];
  for (const clause of httpClauses.filter(({ id }) => found.includes(id))) {
    await clause.run((options) => startSubject(subject, options)).catch(() => broken.push(clause.id));
  }
  expect(broken.toSorted()).toEqual(found.toSorted());
});
