import { expect, test } from "vitest";
import type { HttpExchange } from "./exchange/exchange.ts";
import { createRequestTimes, REQUEST_MS } from "./request-times.ts";

const exchangeOf = (key: object): HttpExchange => ({ key }) as HttpExchange;
const EXPIRES = 1_790_000_000_000;
const alice = { handle: "alice's", expires: EXPIRES };

test("a token that expires under way is judged by the first look at it, in the same request only", () => {
  const times = createRequestTimes();
  const request = {};
  expect(times.judgedAt(exchangeOf(request), alice, EXPIRES - 5)).toBe(EXPIRES - 5);
  expect(times.judgedAt(exchangeOf(request), alice, EXPIRES - 1)).toBe(EXPIRES - 1);
  expect(times.judgedAt(exchangeOf(request), alice, EXPIRES)).toBe(EXPIRES - 5);
  expect(times.judgedAt(exchangeOf({}), alice, EXPIRES)).toBe(EXPIRES);
  expect(times.judgedAt(exchangeOf(request), { ...alice, handle: "bob's" }, EXPIRES)).toBe(EXPIRES);
});

test("no longer than a minute", () => {
  const times = createRequestTimes();
  const exchange = exchangeOf({});
  const first = EXPIRES - 5;
  times.judgedAt(exchange, alice, first);
  expect(times.judgedAt(exchange, alice, first + REQUEST_MS - 1)).toBe(first);
  expect(times.judgedAt(exchange, alice, first + REQUEST_MS)).toBe(first + REQUEST_MS);
});

test("a token that had expired when the request came stays expired", () => {
  const times = createRequestTimes();
  const exchange = exchangeOf({});
  expect(times.judgedAt(exchange, alice, EXPIRES)).toBe(EXPIRES);
  expect(times.judgedAt(exchange, alice, EXPIRES + 1)).toBe(EXPIRES + 1);
  times.see(exchange, alice.handle, EXPIRES);
  expect(times.judgedAt(exchange, alice, EXPIRES + 2)).toBe(EXPIRES + 2);
});
