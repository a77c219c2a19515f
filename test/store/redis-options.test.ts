/**
 * Options of `redis` are checked when it is called: sessions that land on another server than was
 * meant are as good as lost.
 */
import { Cluster, Redis as IoRedisClient } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { ConfigError } from "counterfoil";
import { redis, type RedisClient, type RedisOptions } from "counterfoil/redis";
import { expect, test } from "vitest";

const PASSWORD = "a passphrase that nobody may read";
const place = { host: "127.0.0.1", port: 1, username: "u", password: PASSWORD };

// None of them ever connects.
const client = createClient();
const lazy = { lazyConnect: true };
const CLIENTS: readonly RedisClient[] = [
  client,
  createClientPool(),
  createCluster({ rootNodes: [{ url: "redis://localhost:1" }] }),
  createSentinel({ name: "mymaster", sentinelRootNodes: [{ host: "localhost", port: 1 }] }),
  new IoRedisClient(lazy),
  new Cluster([{ host: "localhost", port: 1 }], lazy),
];

/** What is wrong, how it is written, and what the message says. */
const WRONG: readonly [string, unknown, string][] = [
  ["an unknown option", { url: true, conection: "" }, "redis.conection: there is no such option; known here: client,"],
  ["another case", { ...place, keyprefix: "x:" }, "redis.keyprefix: there is no such option; did you mean keyPrefix?"],
  ["SQL's word for a user", { ...place, user: "u" }, "redis.user: there is no such option"],
  ["a URL in the place of options", "redis://localhost", "redis: write an object, not this string"],
  ["nothing", undefined, "redis.url: nothing says how to connect; give client, url, or host, username and password"],
  ["nothing but how", { tls: true, keyPrefix: "x:" }, "redis.url: nothing says how to connect"],
  ["a variable that is not set", { url: undefined }, "redis.url: is undefined; is the environment variable set"],
  ["a client that is not there", { client: undefined }, "redis.client: is undefined"],
  ["an empty URL", { url: "" }, 'redis.url: write a URL, as in "redis://user:password@host:6379/0"'],
  ["another kind of database", { url: "mysql://localhost/shop" }, "redis.url: write a URL, as in"],
  ["a URL of HTTP", { url: "https://localhost:6379" }, "redis.url: write a URL, as in"],
  ["a URL without a host", { url: "redis:///1" }, "redis.url: write a URL, as in"],
  ["a database with a name", { url: "redis://localhost/shop" }, "redis.url: write a URL, as in"],
  ["a password with a bare %", { url: `redis://u:100%${PASSWORD}@h` }, "a % in the password is written %25"],
  ["parameters in the URL", { url: "redis://h/0?tls=true" }, "redis.url: has parameters behind ?, which are not read;"],
  ["a URL and parts", { url: "redis://h", host: "h" }, "redis.url: says how to connect, and so does host;"],
  ["a URL and a password", { url: "redis://h", password: PASSWORD }, "redis.url: says how to connect, and so does"],
  ["a URL for TLS and none", { url: "rediss://h", tls: false }, "redis.tls: is false, and url asks for TLS"],
  ["a number for a host", { ...place, host: 1 }, "redis.host: write a string, not 1"],
  ["a text for a port", { ...place, port: "6379" }, 'redis.port: write a whole number from 1 to 65535, not "6379"'],
  ["a number for a password", { ...place, password: 271_828 }, "redis.password: write a string, not a value of type"],
  ["a text for a database", { ...place, database: "1" }, "redis.database: write a whole number from 0 to"],
  [
    "a text for TLS",
    { ...place, tls: "required" },
    "redis.tls: write true, or the options of TLS as node:tls has them",
  ],
  ["no patience", { ...place, timeout: "50ms" }, 'redis.timeout: write a duration from "100ms" to "5m", not "50ms"'],
  [
    "braces in a prefix",
    { ...place, keyPrefix: "{shop}:" },
    "redis.keyPrefix: is not the beginning of a key; write up",
  ],
  ["a blank in a prefix", { ...place, keyPrefix: "my shop:" }, "redis.keyPrefix: is not the beginning of a key"],
  ["a pattern for a prefix", { ...place, keyPrefix: "*" }, "redis.keyPrefix: is not the beginning of a key"],
  ["an empty prefix", { ...place, keyPrefix: "" }, "redis.keyPrefix: is not the beginning of a key"],
  ["a long prefix", { ...place, keyPrefix: "a".repeat(65) }, "redis.keyPrefix: is not the beginning of a key"],
  ["a number of replicas alone", { ...place, replicas: 1 }, "redis.replicas: write an object, not 1"],
  ["no number of replicas", { ...place, replicas: {} }, "redis.replicas.acknowledge: write how many replicas must"],
  ["no replica", { ...place, replicas: { acknowledge: 0 } }, "redis.replicas.acknowledge: write a whole number from 1"],
  ["a typo", { ...place, replicas: { acknowledge: 1, withn: "1s" } }, "redis.replicas.withn: there is no such option"],
  [
    "replicas slower than the timeout",
    { ...place, timeout: "1s", replicas: { acknowledge: 1 } },
    "redis.replicas.within: is not shorter than timeout; write a shorter one, or a longer timeout",
  ],
  [
    "client and url",
    { client, url: "redis://h" },
    "redis.url: is for a client of our own, and client is one of yours;",
  ],
  ["client and tls", { client, tls: true }, "redis.tls: is for a client of our own"],
  ["the function", { client: createClient }, "redis.client: write a client of node-redis 4 or ioredis 5, or newer"],
  ["the class", { client: IoRedisClient }, "redis.client: write a client of node-redis 4 or ioredis 5, or newer"],
  ["options of a client", { client: place }, "redis.client: write a client of node-redis 4 or ioredis 5, or newer"],
  [
    "a client of node_redis 3, which has callbacks",
    { client: { evalsha: () => true, multi: () => 1 } },
    "redis.client: write a client of node-redis 4 or ioredis 5, or newer, not a value of type object",
  ],
  [
    "the legacy client of node-redis",
    { client: client.legacy() },
    "redis.client: answers callbacks and no promises; give the client without legacy mode",
  ],
  [
    "the legacy mode of node-redis 4",
    { client: { evalSha: () => true, multi: () => 1, isOpen: true, options: { legacyMode: true } } },
    "redis.client: answers callbacks and no promises; give the client without legacy mode",
  ],
];

test.each(WRONG)("%s is refused", (_, options, message) => {
  const call = (): unknown => redis(options as RedisOptions);
  expect(call).toThrow(ConfigError);
  expect(call).toThrow(message);
  expect(call).not.toThrow(/nobody may read|271828/);
  // What is there, if wrong, is not missing as well.
  const missing = /is undefined|nothing says/;
  if (!missing.test(message) && options !== null && typeof options === "object" && !Array.isArray(options))
    expect(call).not.toThrow(missing);
});

test("everything that is wrong is told at once", () => {
  const wrong = { host: 1, port: 0, keyPrefix: "{", timeout: "1y", replicas: { within: 1 }, typo: 1 };
  const names = ["host", "port", "keyPrefix", "timeout", "replicas.within", "replicas.acknowledge", "typo"];
  const faults = names.map((name) => expect.objectContaining({ path: `redis.${name}` }) as object);
  expect(() => redis(wrong as never)).toThrow(
    expect.objectContaining({ faults: expect.arrayContaining(faults) as unknown[] }) as Error,
  );
});

test("what is right is taken: clients of every kind, and names that look odd", () => {
  for (const each of CLIENTS) expect(redis({ client: each, keyPrefix: "shop/a.b-c_d:" })).toBeDefined();
  for (const url of ["redis://h", "rediss://u:p%25w@h:1/0", "valkey://h/15", "valkeys://h", "redis://:p@[::1]:1/2"])
    expect(redis({ url, timeout: "5m", replicas: { acknowledge: 100, within: "1m" } })).toBeDefined();
  expect(redis({ ...place, password: "", database: 0, tls: { rejectUnauthorized: false } })).toBeDefined();
  expect(redis({ host: "h", tls: undefined, replicas: undefined, timeout: undefined })).toBeDefined();
});
