import { type Attributes, context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { expect, onTestFinished, test } from "vitest";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { withStore, World } from "../../../test/fixtures/session-world.ts";
import { FIREFOX, supersede } from "../../../test/fixtures/superseded-session.ts";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { sessionsFor } from "../../web.ts";
import type { SessionStore } from "../session/session-store.ts";
import { type ObserveOptions, observeSessions } from "./observe-sessions.ts";
import { observeStats } from "./stats-metrics.ts";

/** A meter of the SDK, and what it exports. */
function createMetrics(temporality = AggregationTemporality.CUMULATIVE) {
  const exporter = new InMemoryMetricExporter(temporality);
  // It exports when it is told to, and once an hour.
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  return {
    meter: provider.getMeter("test"),
    /** By name. */
    async read(): Promise<ReadonlyMap<string, MetricData>> {
      exporter.reset();
      await provider.forceFlush();
      const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
      return new Map(found.map((metric) => [metric.descriptor.name, metric]));
    },
    /** The values of a metric that is no histogram, with their attributes. */
    async valuesOf(name: string): Promise<readonly (readonly [number, Attributes])[]> {
      const metric = (await this.read()).get(name);
      if (metric === undefined) return [];
      if (metric.dataPointType === DataPointType.HISTOGRAM) throw new TypeError(`${name} is a histogram`);
      return metric.dataPoints.map(({ value, attributes }) => [value as number, attributes] as const);
    },
  };
}

function createTraces() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(async () => {
    context.disable();
    await provider.shutdown();
  });
  return { tracer: provider.getTracer("test"), spans: () => exporter.getFinishedSpans() };
}

const onlyMetrics = ({ meter }: ReturnType<typeof createMetrics>, more: ObserveOptions = {}): ObserveOptions => ({
  meter,
  tracer: false,
  ...more,
});

/** docs/guide/observability.md lists the same names. */
const INSTRUMENTS = {
  "counterfoil.sign_ins": "{sign_in}",
  "counterfoil.refreshes": "{refresh}",
  "counterfoil.refresh.soft_refusals": "{refusal}",
  "counterfoil.reuses": "{reuse}",
  "counterfoil.revocations": "{session}",
  "counterfoil.request_refusals": "{request}",
  "counterfoil.store.operation.duration": "s",
  "counterfoil.verified_tokens": "{lookup}",
};

test("what happens to sessions is counted, by outcome and reason", async () => {
  const world = new World();
  const metrics = createMetrics();
  observeSessions(world.sessions, onlyMetrics(metrics));
  const { refreshToken } = await supersede(world);
  await world.sessions.refreshSession(refreshToken.value, { device: FIREFOX }).catch(() => undefined);
  await world.signIn("bob");
  await world.signIn("bob");
  await world.sessions.revokeAllSessionsForUser("bob");
  const { session } = await world.signIn("carol");
  await world.sessions.revokeSessionUsingSessionHandle(session.handle);
  await world.signIn("carol");
  await world.sessions.revokeAllSessions();

  expect(await metrics.valuesOf("counterfoil.sign_ins")).toEqual([[5, {}]]);
  expect(await metrics.valuesOf("counterfoil.refreshes")).toEqual([
    [1, { "counterfoil.refresh.outcome": "mint" }],
    [1, { "counterfoil.refresh.outcome": "confirm" }],
    [1, { "counterfoil.refresh.outcome": "renew" }],
  ]);
  expect(await metrics.valuesOf("counterfoil.reuses")).toEqual([
    [1, { "counterfoil.reuse.presented": "superseded", "counterfoil.reuse.revoked": true }],
  ]);
  expect(await metrics.valuesOf("counterfoil.revocations")).toEqual([
    [1, { "counterfoil.revocation.reason": "reuse" }],
    [3, { "counterfoil.revocation.reason": "revoked" }],
    [1, { "counterfoil.revocation.reason": "all" }],
  ]);
});

test("a refresh that another one outran is a soft refusal", async () => {
  const world = new World();
  const metrics = createMetrics();
  observeSessions(world.sessions, onlyMetrics(metrics));
  const { refreshToken } = await supersede(world);
  world.now -= 5000;
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({
    code: "REFRESH_TOKEN_SUPERSEDED",
  });
  expect(await metrics.valuesOf("counterfoil.refresh.soft_refusals")).toEqual([[1, {}]]);
});

test("each refused request is counted by its code, and not only one a minute", async () => {
  const world = new World();
  const metrics = createMetrics();
  observeSessions(world.sessions, onlyMetrics(metrics));
  const serve = sessionsFor(world.sessions).verifySession(async () => new Response("ok"));
  for (let count = 0; count < 3; count += 1) expect((await serve(new Request("http://localhost/me"))).status).toBe(401);
  expect(await metrics.valuesOf("counterfoil.request_refusals")).toEqual([
    [3, { "counterfoil.error.code": "ACCESS_TOKEN_MISSING" }],
  ]);
});

test("looks into the cache are hits or misses", async () => {
  const world = new World();
  const metrics = createMetrics();
  observeSessions(world.sessions, onlyMetrics(metrics));
  const { accessToken } = await world.signIn();
  for (let count = 0; count < 3; count += 1) await world.sessions.getSession(accessToken.value, null);
  expect(await metrics.valuesOf("counterfoil.verified_tokens")).toEqual([
    [2, { "counterfoil.cache.result": "hit" }],
    [1, { "counterfoil.cache.result": "miss" }],
  ]);
});

test("the lag of the feed is a gauge in seconds, and has no value where there is no feed", async () => {
  // The other kind goes on with the last value.
  const metrics = createMetrics(AggregationTemporality.DELTA);
  const stats = { verifiedTokens: { hits: 0, misses: 0 }, softRefusals: 0, refusals: [] };
  let feedLag: number | undefined = 1500;
  observeStats(() => ({ ...stats, feedLag }), metrics.meter, {});
  expect(await metrics.valuesOf("counterfoil.feed.lag")).toEqual([[1.5, {}]]);
  feedLag = undefined;
  expect(await metrics.valuesOf("counterfoil.feed.lag")).toEqual([]);
});

test("an instance that follows the feed has its lag", async () => {
  const world = new World({ tokens: { accessToken: { revocation: "feed" } } });
  const metrics = createMetrics(AggregationTemporality.DELTA);
  observeSessions(world.sessions, onlyMetrics(metrics));
  const { accessToken } = await world.signIn();
  await world.sessions.getSession(accessToken.value, null);
  const [[before] = [Number.NaN]] = await metrics.valuesOf("counterfoil.feed.lag");
  world.now += 2500;
  const [[after] = [Number.NaN]] = await metrics.valuesOf("counterfoil.feed.lag");
  expect(before).toBeLessThan(1);
  expect(after).toBeCloseTo(before + 2.5, 0);
});

/** A store that tests break. */
function createBreakable(): SessionStore & { isBroken: boolean } {
  const store = memory();
  const breakable = {
    ...store,
    isBroken: false,
    findSession: async (handle: string) => {
      if (breakable.isBroken) throw new Error("connection to alice@db lost");
      return store.findSession(handle);
    },
  };
  return breakable;
}

test("operations of the store are measured by name, and failed ones by their code", async () => {
  const store = createBreakable();
  const sessions = createSessions({ store, secret: SECRET });
  const metrics = createMetrics();
  observeSessions(sessions, onlyMetrics(metrics));
  const { session, refreshToken } = await sessions.createNewSession("alice");
  await sessions.refreshSession(refreshToken.value);
  store.isBroken = true;
  await expect(sessions.getSessionData(session.handle)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

  const durations = (await metrics.read()).get("counterfoil.store.operation.duration");
  if (durations?.dataPointType !== DataPointType.HISTOGRAM) throw new TypeError("there is no histogram");
  const counts = durations.dataPoints.map(({ attributes, value }) => [attributes, value.count]);
  expect(counts).toEqual(
    expect.arrayContaining([
      [{ "counterfoil.store.operation": "createSession" }, 1],
      [{ "counterfoil.store.operation": "findSession" }, 1],
      [{ "counterfoil.store.operation": "commitRefresh" }, 1],
      [{ "counterfoil.store.operation": "findSession", "error.type": "STORE_UNAVAILABLE" }, 1],
    ]),
  );
  for (const { value } of durations.dataPoints) expect(value.sum).toBeLessThan(60);
});

test("operations of the store are spans inside the active one, and work of drivers is inside them", async () => {
  const { tracer, spans } = createTraces();
  const store = memory();
  const sessions = createSessions({
    ...withStore,
    secret: SECRET,
    store: {
      ...store,
      findSession: (handle) =>
        tracer.startActiveSpan("query", async (span) => {
          const found = await store.findSession(handle);
          span.end();
          return found;
        }),
    },
  });
  observeSessions(sessions, { meter: false, tracer });
  const { accessToken } = await sessions.createNewSession("alice");
  await tracer.startActiveSpan("request", async (span) => {
    await sessions.getSession(accessToken.value, null);
    span.end();
  });
  const [find] = spans().filter(({ name }) => name === "counterfoil.store findSession");
  const [request] = spans().filter(({ name }) => name === "request");
  const [query] = spans().filter(({ name }) => name === "query");
  expect(find?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
  expect(query?.parentSpanContext?.spanId).toBe(find?.spanContext().spanId);
  expect(find).toMatchObject({
    kind: SpanKind.INTERNAL,
    attributes: { "counterfoil.store.operation": "findSession" },
    status: { code: SpanStatusCode.UNSET },
  });
});

test("the span of a failed operation has the code, and no message of the driver", async () => {
  const { tracer, spans } = createTraces();
  const store = createBreakable();
  const sessions = createSessions({ store, secret: SECRET });
  observeSessions(sessions, { meter: false, tracer });
  await sessions.ready();
  store.isBroken = true;
  await expect(sessions.getSessionData("handle")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  const failed = spans().filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({
    name: "counterfoil.store findSession",
    status: { message: "STORE_UNAVAILABLE" },
    attributes: { "error.type": "STORE_UNAVAILABLE" },
    events: [],
  });
  const told = spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
  expect(JSON.stringify(told)).not.toMatch(/alice|handle"/);
});

test("an instance that is no longer observed has no metrics and no spans", async () => {
  const world = new World();
  const metrics = createMetrics(AggregationTemporality.DELTA);
  const { tracer, spans } = createTraces();
  const stop = observeSessions(world.sessions, { meter: metrics.meter, tracer });
  await world.signIn();
  expect(spans().length).toBeGreaterThan(0);
  expect((await metrics.read()).size).toBeGreaterThan(2);
  stop();
  stop();
  // What had begun before ends during this.
  await world.signIn();
  await metrics.read();
  const count = spans().length;
  await world.signIn();
  expect(spans()).toHaveLength(count);
  expect((await metrics.read()).size).toBe(0);
});

test("several instances on one meter are told apart by attributes, and one that is observed twice counts twice", async () => {
  const [customers, staff] = [new World(), new World()];
  const metrics = createMetrics();
  observeSessions(customers.sessions, onlyMetrics(metrics, { attributes: { realm: "customers" } }));
  for (let count = 0; count < 2; count += 1)
    observeSessions(staff.sessions, onlyMetrics(metrics, { attributes: { realm: "staff" } }));
  await customers.signIn();
  await staff.signIn();
  expect(await metrics.valuesOf("counterfoil.sign_ins")).toEqual([
    [1, { realm: "customers" }],
    [2, { realm: "staff" }],
  ]);
});

test("without an SDK it does nothing, and fails nothing", async () => {
  const world = new World();
  const stop = observeSessions(world.sessions);
  await expect(world.signIn()).resolves.toBeDefined();
  stop();
  expect(trace.getActiveSpan()).toBeUndefined();
});

test("the instruments are those of the guide, with their units", async () => {
  const world = new World();
  const metrics = createMetrics();
  observeSessions(world.sessions, onlyMetrics(metrics));
  const serve = sessionsFor(world.sessions).verifySession(async () => new Response("ok"));
  await serve(new Request("http://localhost/me"));
  const { refreshToken } = await supersede(world);
  await world.sessions.refreshSession(refreshToken.value).catch(() => undefined);
  const units = [...(await metrics.read())].map(([name, { descriptor }]) => [name, descriptor.unit]);
  expect(Object.fromEntries(units)).toEqual(INSTRUMENTS);
});

test.each([
  [{ trace: false }, "observeSessions.trace"],
  [{ meter: true }, "observeSessions.meter"],
  [{ tracer: {} }, "observeSessions.tracer"],
  [{ attributes: "realm" }, "observeSessions.attributes"],
])("%j is refused by name", (options, name) => {
  const world = new World();
  expect(() => observeSessions(world.sessions, options as never)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(name) }),
  );
});
