import { hash } from "node:crypto";
import { restartCall } from "../call.ts";
import type { SessionContext } from "./context.ts";
import { type DeviceFacts, type SessionRecord, storedDevice } from "./record.ts";

type Row = Pick<SessionRecord, "userKey" | "device" | "label">;

/**
 * Remembers the device of a sign-in. A failure costs the answer, never the sign-in.
 *
 * @returns whether the user has signed in from it before; undefined if that is unknown
 */
export const recogniseDevice = (context: SessionContext, row: Row): Promise<boolean | undefined> =>
  remember(context, row, context.policy.deviceRetention);

/**
 * After a sign-in from a new device that came to nothing: the next one must not find the device
 * known, because nobody was told of this one.
 */
export async function forgetAgain(context: SessionContext, row: Row): Promise<void> {
  if (context.policy.deviceRetention !== undefined) await remember(context, row, 0);
}

async function remember(
  { store, clocks, refusals, isInTransaction }: SessionContext,
  row: Row,
  retention: number | undefined,
): Promise<boolean | undefined> {
  const device = identifyDevice(storedDevice(row));
  if (retention === undefined || device === undefined) return undefined;
  const now = clocks.stamp();
  try {
    return await store.rememberDevice(row.userKey, device, now, now + retention);
  } catch (error) {
    if (isInTransaction) throw error;
    // The sign-in must not pay for the time that this took.
    restartCall();
    refusals.notify({
      code: "COUNTERFOIL_KNOWN_DEVICES",
      write: () =>
        "The store could not remember the device of a sign-in, so knownDevice of its event is undefined. If this goes on, check the rights on the table of devices, or set session.knownDevices to false.",
    });
    return undefined;
  }
}

/**
 * By browser, system and label. Addresses change too often: with them most notices would be false.
 *
 * @returns undefined if nothing is known of the device
 */
function identifyDevice({ userAgent, label }: DeviceFacts): string | undefined {
  if (userAgent === undefined && label === undefined) return undefined;
  return hash("sha256", JSON.stringify([userAgent ?? null, label ?? null]), "base64url");
}

/** The field `knownDevice` of an event or a list, which is absent if it is unknown. */
export const ifKnown = (knownDevice: boolean | undefined): { readonly knownDevice?: boolean } =>
  knownDevice === undefined ? {} : { knownDevice };
