import { pauseCall } from "../call.ts";
import { cutText } from "../cut-text.ts";
import { isIPv4, isIPv6 } from "../ip-address.ts";
import type { Locate } from "../policy.ts";
import { withDeadline } from "../with-deadline.ts";
import { ZONE } from "./device.ts";

const PATIENCE = 1000;
const MOST_CHARACTERS = 100;

/** The place of an address by the app's hook, which can fail without harm. */
export async function locateIp(locate: Locate, ip: string | undefined): Promise<string | undefined> {
  if (ip === undefined || !(isIPv4(ip) || isIPv6(ip.replace(ZONE, "")))) return undefined;
  try {
    const place: unknown = await pauseCall(() =>
      withDeadline(Promise.resolve(locate(ip)), performance.now() + PATIENCE, tooLate),
    );
    return typeof place === "string" && place !== "" ? cutText(place, MOST_CHARACTERS) : undefined;
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_LISTENER" });
    return undefined;
  }
}

const tooLate = (): Error => new Error(`session.locate has taken more than ${PATIENCE} ms`);
