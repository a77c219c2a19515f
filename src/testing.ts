/**
 * For tests of apps: a clock, a user who is signed in, and a session client for pages. For authors
 * of stores and adapters: lists of what these must do. Bundlers for browsers get only
 * `fakeSessionClient`.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { memory } from "counterfoil/memory";
 * import { storeClauses } from "counterfoil/testing";
 *
 * for (const { id, name, run } of storeClauses) {
 *   test(`${id} ${name}`, async () => {
 *     const store = memory(); // your store here
 *     await store.prepare();
 *     await run(store);
 *     await store.close();
 *   });
 * }
 * ```
 *
 * @module
 */
export {
  type FakeSessionClient,
  type FakeSessionClientOptions,
  type FakeState,
  type FakeUser,
  fakeSessionClient,
} from "./lib/browser/testing/fake-session-client.ts";
export { createFakeClock, type FakeClock } from "./lib/testing/fake-clock.ts";
export type { PlaywrightCookie } from "./lib/testing/playwright-cookies.ts";
export type { TestCookie } from "./lib/testing/set-cookie.ts";
export { signInForTest, type SignedInForTest, type SignInForTestOptions } from "./lib/testing/sign-in-for-test.ts";
export type { HttpApp, HttpAppOptions, HttpClause, StartHttpApp } from "./lib/testing/http/http-app.ts";
export { httpClauses } from "./lib/testing/http/http-clauses.ts";
export { storeClauses, type StoreClause } from "./lib/testing/store/store-clauses.ts";
export type { KeyRecord } from "./lib/key/key-record.ts";
export type { SessionRecord, SessionSummary } from "./lib/session/record.ts";
export type {
  AuditNote,
  AuditPosition,
  AuditQuery,
  AuditRow,
  CreateOutcome,
  FoundSession,
  Journal,
  ListPage,
  LogEntry,
  LogPage,
  NewAuditRow,
  NewLogEntry,
  RefreshWrite,
  SessionPosition,
  SessionStore,
  SignInJournal,
  SignInWrite,
  StoreTrouble,
  TransactionStore,
} from "./lib/session/session-store.ts";
export type { ExactLimit, SessionLimit, SoftLimit } from "./lib/policy.ts";
