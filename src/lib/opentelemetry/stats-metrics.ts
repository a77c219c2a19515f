import type { Attributes, BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";
import type { SessionStats } from "../session/stats.ts";

/**
 * Reads what an instance counts by itself, each time that metrics are collected.
 *
 * @returns a function that ends it
 */
export function observeStats(read: () => SessionStats, meter: Meter, common: Attributes): () => void {
  const softRefusals = meter.createObservableCounter("counterfoil.refresh.soft_refusals", {
    description: "Refreshes that the client has to try again, because another request was faster.",
    unit: "{refusal}",
  });
  const refusals = meter.createObservableCounter("counterfoil.request_refusals", {
    description: "Requests that were refused.",
    unit: "{request}",
  });
  const lookups = meter.createObservableCounter("counterfoil.verified_tokens", {
    description: "Looks into the cache of verified access tokens.",
    unit: "{lookup}",
  });
  const lag = meter.createObservableGauge("counterfoil.feed.lag", {
    description: "How old the position of this process in the feed of revocations is.",
    unit: "s",
  });
  const observables: Observable[] = [softRefusals, refusals, lookups, lag];

  const observe: BatchObservableCallback = (result) => {
    const stats = read();
    result.observe(softRefusals, stats.softRefusals, common);
    for (const { code, notice, count } of stats.refusals) {
      // A set-up error that refuses no request.
      if (code === null) continue;
      result.observe(refusals, count, {
        ...common,
        "counterfoil.error.code": code,
        ...(notice === null ? {} : { "counterfoil.notice": notice }),
      });
    }
    const { hits, misses } = stats.verifiedTokens;
    result.observe(lookups, hits, { ...common, "counterfoil.cache.result": "hit" });
    result.observe(lookups, misses, { ...common, "counterfoil.cache.result": "miss" });
    if (stats.feedLag !== undefined) result.observe(lag, stats.feedLag / 1000, common);
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}
