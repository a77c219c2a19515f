import { type Attributes, type Meter, metrics, trace, type Tracer } from "@opentelemetry/api";
import { readWhole } from "../options/config-reader.ts";
import type { Sessions } from "../session/sessions.ts";
import type { UserId } from "../session/user-id.ts";
import { countEvents } from "./event-metrics.ts";
import { observeStats } from "./stats-metrics.ts";
import { measureStore, traceStore } from "./store-operations.ts";

/** Options of {@link observeSessions}. */
export interface ObserveOptions {
  /** Makes the metrics. Default: `counterfoil` of the global meter provider; false for none. */
  readonly meter?: Meter | false | undefined;
  /** Makes the spans. Default: `counterfoil` of the global tracer provider; false for none. */
  readonly tracer?: Tracer | false | undefined;
  /** Attributes of each metric and span, to tell several instances apart. Default: none. */
  readonly attributes?: Attributes | undefined;
}

const NAME = "counterfoil";

/**
 * Reports an instance to OpenTelemetry: metrics of what it does, and a span for each operation of
 * its store, inside the span that is active. docs/guide/observability.md lists the names. Call it
 * after the SDK has started. An instance that is not observed does no work for it.
 *
 * @param sessions the result of `createSessions` or `init`
 * @returns a function that ends it. Call it before you drop the instance
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { observeSessions } from "counterfoil/opentelemetry";
 *
 * const sessions = createSessions();
 * const stop = observeSessions(sessions, { attributes: { "app.realm": "customers" } });
 * process.once("SIGTERM", stop);
 * ```
 */
export function observeSessions<Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
  options: ObserveOptions = {},
): () => void {
  const { meter, tracer, attributes } = readOptions(options);
  const endings: (() => void)[] = [];
  if (meter !== false) {
    endings.push(countEvents(sessions, meter, attributes));
    endings.push(observeStats(() => sessions.stats(), meter, attributes));
    endings.push(sessions.observeStore(measureStore(meter, attributes)));
  }
  // Outermost, so that what is measured has the span as its exemplar.
  if (tracer !== false) endings.push(sessions.observeStore(traceStore(tracer, attributes)));
  return () => endings.splice(0).forEach((end) => end());
}

const readOptions = (
  options: ObserveOptions,
): { readonly meter: Meter | false; readonly tracer: Tracer | false; readonly attributes: Attributes } =>
  readWhole(options, "observeSessions", (section) => ({
    meter: section.value("meter", "a meter, or false", isMeter) ?? metrics.getMeter(NAME),
    tracer: section.value("tracer", "a tracer, or false", isTracer) ?? trace.getTracer(NAME),
    attributes: section.value("attributes", "an object", isAttributes) ?? {},
  }));

const has = (value: unknown, method: string): boolean =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function";
const isMeter = (value: unknown): value is Meter | false => value === false || has(value, "createCounter");
const isTracer = (value: unknown): value is Tracer | false => value === false || has(value, "startActiveSpan");
const isAttributes = (value: unknown): value is Attributes => typeof value === "object" && value !== null;
