/** What we want of the figures: data, so that a target can be read, and changed, in one place. */
import type { ReadFigure, Target } from "./report/judge.ts";
import { combine, type Figure, figure, ratio, valueOf } from "./report/table.ts";

type Place = readonly [table: string, row: string, column: string];

const at =
  (...place: Place) =>
  (read: ReadFigure): Figure | undefined =>
    read(...place);

/** Undefined where one of them was not measured. */
const over =
  (one: Place, base: Place) =>
  (read: ReadFigure): Figure | undefined => {
    const [value, against] = [read(...one), read(...base)];
    return value && against && ratio(value, against);
  };

/** How many times as fast as a peer, by the time of a call. */
const fasterThan = (one: Place, peer: Place): Target["measure"] => over(peer, one);

/** What is left after the server without sessions has had its part. */
const moreThanNone =
  (framework: string, row: string, column: string) =>
  (read: ReadFigure): Figure | undefined => {
    const [value, none] = [read(`http-${framework}`, row, column), read(`http-${framework}`, "none", column)];
    return value && none && combine((one, base) => one - base, value, none);
  };

const addedOverFloor =
  (framework: string) =>
  (read: ReadFigure): Figure | undefined => {
    const ours = moreThanNone(framework, "repeated", "cpu")(read);
    const floor = moreThanNone(framework, "floor", "cpu")(read);
    // On a busy machine a floor may seem to cost nothing, of which nothing is a multiple.
    return ours && floor && combine((value, base) => (base > 0 ? value / base : Number.POSITIVE_INFINITY), ours, floor);
  };

/** The greatest of several. */
const worst =
  (...all: readonly Target["measure"][]) =>
  (read: ReadFigure): Figure | undefined => {
    const found = all.map((measure) => measure(read)).filter((one) => one !== undefined);
    return found.length === all.length ? figure(Math.max(...found.map(valueOf))) : undefined;
  };

const X = " x";

const http: readonly Target[] = [
  {
    id: "http-express-floor",
    text: "Express, repeated token: CPU added, against what the floor adds",
    measure: addedOverFloor("express"),
    most: 1.25,
    unit: X,
  },
  ...(["fastify", "node"] as const).map((framework) => ({
    id: `http-${framework}-floor`,
    text: `${framework === "node" ? "node:http" : "Fastify"}, repeated token: CPU added, against what the floor adds`,
    measure: addedOverFloor(framework),
    most: 1.5,
    unit: X,
  })),
  {
    id: "http-node-rate",
    text: "node:http: requests a second, against the server without sessions",
    measure: at("http-node", "repeated", "ofNone"),
    least: 0.95,
    unit: X,
  },
  {
    id: "http-node-fast-jwt",
    text: "node:http: requests a second, against fast-jwt with its cache",
    measure: over(["http-node", "repeated", "rate"], ["http-node", "fast-jwt", "rate"]),
    least: 1.2,
    unit: X,
  },
  {
    id: "http-express-rate",
    text: "Express, where the original is compared: requests a second, against the server without sessions",
    measure: at("http-express", "repeated", "ofNone"),
    least: 0.9,
    unit: X,
  },
  ...(["express", "fastify"] as const).map((framework) => ({
    id: `http-${framework}-promises`,
    text: `${framework === "express" ? "Express" : "Fastify"}: promises a request, more than without sessions`,
    measure: moreThanNone(framework, "repeated", "promises"),
    most: 0,
    digits: 1,
  })),
  {
    id: "http-node-promises",
    text: "node:http: promises a request, those of the app's own async function included",
    measure: at("http-node", "repeated", "promises"),
    most: 6,
    digits: 1,
  },
  {
    id: "http-timers",
    text: "Express, Fastify, node:http: timers a request, more than without sessions",
    measure: worst(...["express", "fastify", "node"].map((framework) => moreThanNone(framework, "repeated", "timers"))),
    most: 0,
    digits: 1,
  },
];

const cold = (table: string, row: string): Place => [`verify-${table}`, row, "cold"];

/** By the figures between other work, which is what a server sees. */
const verify: readonly Target[] = [
  {
    id: "verify-floor",
    text: "Verify, 1,000 live tokens, anti-CSRF: against the floor",
    measure: over(cold("1000", "anti-csrf"), cold("1000", "floor")),
    most: 1.05,
    unit: X,
  },
  {
    id: "verify-fast-jwt",
    text: "the same: times as fast as fast-jwt with its cache",
    measure: fasterThan(cold("1000", "anti-csrf"), cold("1000", "fast-jwt-cache")),
    least: 4,
    unit: X,
  },
  {
    id: "verify-original",
    text: "the same: times as fast as the original",
    measure: fasterThan(cold("1000", "anti-csrf"), cold("1000", "original")),
    least: 12,
    unit: X,
  },
  ...(["EdDSA", "ES256"] as const).map((signing) => ({
    id: `verify-${signing}`,
    text: `the same with ${signing}: against HS256`,
    measure: over(cold("1000", signing.toLowerCase()), cold("1000", "anti-csrf")),
    most: 1.1,
    unit: X,
  })),
  {
    id: "verify-cache-useful",
    text: "Verify, 20,000 and 100,000 live tokens, the worst setting of the cache: against `cacheSize: 0`",
    measure: worst(
      over(cold("20000", "anti-csrf"), cold("20000", "no-cache")),
      over(cold("20000", "just-as-many"), cold("20000", "no-cache")),
      over(cold("100000", "anti-csrf"), cold("100000", "no-cache")),
      over(cold("100000", "just-as-many"), cold("100000", "no-cache")),
      over(cold("100000", "default-cache"), cold("100000", "no-cache")),
    ),
    most: 1,
    unit: X,
  },
  {
    id: "verify-20000-fast-jwt",
    text: "Verify, 20,000 live tokens: times as fast as fast-jwt with its cache",
    measure: fasterThan(cold("20000", "anti-csrf"), cold("20000", "fast-jwt-cache")),
    least: 2.5,
    unit: X,
  },
  {
    id: "first-sight-floor",
    text: "Verify, first sight, inserted into a full cache: against the floor",
    measure: over(cold("first-sight", "full-cache"), cold("first-sight", "floor")),
    most: 1.15,
    unit: X,
  },
  {
    id: "first-sight-fast-jwt",
    text: "the same: times as fast as fast-jwt without a cache",
    measure: fasterThan(cold("first-sight", "full-cache"), cold("first-sight", "fast-jwt")),
    least: 1.8,
    unit: X,
  },
  {
    id: "first-sight-original",
    text: "the same: times as fast as the original",
    measure: fasterThan(cold("first-sight", "full-cache"), cold("first-sight", "original")),
    least: 3,
    unit: X,
  },
  {
    id: "cache-bytes",
    text: "Memory of a remembered token, bytes",
    measure: at("cache", "live", "bytes"),
    most: 650,
    digits: 0,
  },
];

const STORES = [
  { store: "postgres", name: "PostgreSQL", cycle: 6, at: [16, 64], create: 1, refresh: 1, revoke: 1, cpu: 150 },
  { store: "mariadb", name: "MariaDB", cycle: 4, at: [16], create: 2, refresh: 2, revoke: 4, cpu: 150 },
  { store: "redis", name: "Redis", cycle: 14, at: [16, 64], create: 1, refresh: 1, revoke: 1, cpu: 60 },
  { store: "sqlite", name: "SQLite", cycle: 10, at: [16, 64], cpu: 150 },
] as const;

const write: readonly Target[] = STORES.flatMap((of): readonly Target[] => [
  ...of.at.map((concurrency) => ({
    id: `cycle-${of.store}-${concurrency}`,
    text: `${of.name}: cycles a second, ${concurrency} at once, against the original's on MariaDB`,
    measure: at("write-cycle", of.store, `ratio-${concurrency}`),
    least: of.cycle,
    digits: 1,
    unit: X,
  })),
  {
    id: `refresh-cpu-${of.store}`,
    text: `${of.name}: client CPU of a refresh that confirms, 16 at once, µs`,
    measure: at("write-confirm", of.store, "cpu-16"),
    most: of.cpu,
    digits: 0,
  },
  ...("create" in of
    ? ([
        ["create", of.create],
        ["confirm", of.refresh],
        ["revoke", of.revoke],
        ["revoke all", of.revoke],
      ] as const)
    : []
  ).map(([operation, most]) => ({
    id: `trips-${operation}-${of.store}`,
    text: `${of.name}: round trips of ${operation === "confirm" ? "a refresh that confirms" : operation}`,
    measure: at(`write-${operation}`, of.store, "trips"),
    most,
    digits: 1,
  })),
]);

const start: readonly Target[] = [
  {
    id: "start-sqlite",
    text: "Start: first session in a new SQLite file, ms since the process was asked for",
    measure: at("start", "sqlite", "ms"),
    most: 100,
    digits: 0,
  },
  {
    id: "start-memory",
    text: "Start: memory over bare Node after the first session, without a driver, MiB",
    measure: at("start", "memory", "rssOver"),
    most: 8,
    digits: 1,
  },
];

const GROWING = ["sqlite", "mariadb", "postgres", "redis"] as const;

const growth: readonly Target[] = GROWING.flatMap((store) => [
  {
    id: `growth-${store}`,
    text: `Growth, ${store}: p50 of the largest table over the smallest, worst of refresh, list, revoke all`,
    measure: worst(
      ...["refresh", "list of a user", "revoke all of a user"].map((operation) =>
        at(`growth-${store}`, operation, "growth"),
      ),
    ),
    most: 1.5,
    unit: X,
  },
  {
    id: `growth-${store}-sweep`,
    text: `Growth, ${store}: a statement of a sweep at 1 M rows, p99 ms`,
    measure: at(`growth-${store}-sweep`, "1000000", "p99"),
    most: 25,
    digits: 1,
  },
]);

const browser: readonly Target[] = [
  {
    id: "browser-size",
    text: "Browser: the core, minified and gzipped by esbuild, bytes",
    measure: at("browser-size", "* of counterfoil/browser", "gzipped"),
    most: 4600,
    digits: 0,
  },
  {
    id: "browser-refreshes",
    text: "Browser, 10 tabs of 3 calls: most refreshes an expiry",
    measure: at("browser-few", "counterfoil", "most"),
    most: 1,
    digits: 0,
  },
  {
    id: "browser-ms",
    text: "the same: all answered, p50 ms",
    measure: at("browser-few", "counterfoil", "p50"),
    most: 225,
    digits: 0,
  },
];

const reach = (place: string, most: number): Target => ({
  id: `feed-reach-${place.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`,
  text: `A revocation reaches another process, ${place}: p99 ms`,
  measure: at("feed-reach", place, "p99"),
  most,
  digits: 1,
});

const feed: readonly Target[] = [
  {
    id: "feed-request",
    text: "A known token with the feed: CPU more than without a check, ns",
    measure: (read) => {
      const [on, off] = [read("feed-request", "feed", "ns"), read("feed-request", "off", "ns")];
      return on && off && combine((one, base) => one - base, on, off);
    },
    most: 300,
    digits: 0,
  },
  reach("PostgreSQL, listen", 50),
  reach("Redis, listen", 50),
  // The bound.
  reach("SQLite, listen", 1000),
  reach("MariaDB, timer", 1000),
];

/** By the name of the bench. */
export const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  verify,
  http,
  write,
  start,
  growth,
  browser,
  feed,
};
