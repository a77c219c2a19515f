import { type Attributes, type Meter, type Span, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { isErrorFromAuth } from "../errors.ts";
import type { StoreObserver } from "../session/store-observers.ts";

/** In seconds, as the conventions for database clients have them. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Measures how long operations of the store take. */
export function measureStore(meter: Meter, common: Attributes): StoreObserver {
  const durations = meter.createHistogram("counterfoil.store.operation.duration", {
    description: "How long an operation of the session store took.",
    unit: "s",
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return async (operation, work) => {
    const begun = performance.now();
    const error = await failureOf(work);
    durations.record((performance.now() - begun) / 1000, {
      ...common,
      "counterfoil.store.operation": operation,
      ...(error === undefined ? {} : { "error.type": error }),
    });
  };
}

/** Makes a span of each operation of the store. What the driver does inside is part of it. */
export function traceStore(tracer: Tracer, common: Attributes): StoreObserver {
  return (operation, work) => {
    const attributes = { ...common, "counterfoil.store.operation": operation };
    return tracer.startActiveSpan(`counterfoil.store ${operation}`, { attributes }, async (span) => {
      const error = await failureOf(work);
      if (error !== undefined) fail(span, error);
      span.end();
    });
  };
}

/** The message of an error is for logs. */
function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}

/** @returns the code of the error; undefined if the operation succeeds */
const failureOf = (work: () => Promise<unknown>): Promise<string | undefined> =>
  work().then(
    () => undefined,
    (error: unknown) => (isErrorFromAuth(error) ? error.code : "_OTHER"),
  );
