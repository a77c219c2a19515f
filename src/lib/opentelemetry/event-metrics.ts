import type { Attributes, Meter } from "@opentelemetry/api";
import type { Sessions } from "../session/sessions.ts";

/** Counts what the events tell. @returns a function that ends it */
export function countEvents(sessions: Pick<Sessions, "on">, meter: Meter, common: Attributes): () => void {
  const signIns = meter.createCounter("counterfoil.sign_ins", {
    description: "Sessions that began.",
    unit: "{sign_in}",
  });
  const refreshes = meter.createCounter("counterfoil.refreshes", {
    description: "Refreshes that yielded tokens.",
    unit: "{refresh}",
  });
  const reuses = meter.createCounter("counterfoil.reuses", {
    description: "Refresh tokens that were reused: two parties held tokens of one session.",
    unit: "{reuse}",
  });
  const revocations = meter.createCounter("counterfoil.revocations", {
    description: "Sessions that this process ended before they expired.",
    unit: "{session}",
  });

  const removers = [
    sessions.on("session-created", () => signIns.add(1, common)),
    sessions.on("session-refreshed", ({ outcome }) =>
      refreshes.add(1, { ...common, "counterfoil.refresh.outcome": outcome }),
    ),
    sessions.on("reuse-detected", ({ presented, revoked }) =>
      reuses.add(1, { ...common, "counterfoil.reuse.presented": presented, "counterfoil.reuse.revoked": revoked }),
    ),
    sessions.on("session-revoked", ({ handles, reason, unknown }) =>
      revocations.add(unknown === true ? Math.max(1, handles.length) : handles.length, {
        ...common,
        "counterfoil.revocation.reason": reason,
        ...ifUnknown(unknown),
      }),
    ),
    sessions.on("all-sessions-revoked", ({ removed, unknown }) =>
      revocations.add(removed, { ...common, "counterfoil.revocation.reason": "all", ...ifUnknown(unknown) }),
    ),
  ];
  return () => removers.forEach((remove) => remove());
}

const ifUnknown = (unknown: true | undefined): Attributes =>
  unknown === true ? { "counterfoil.revocation.unknown": true } : {};
