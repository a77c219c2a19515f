import { readWhole } from "../options/config-reader.ts";
import type { Actor } from "../session/actor.ts";
import type { SessionEventName, SessionEvents } from "../session/events.ts";
import type { DeviceFacts } from "../session/record.ts";
import type { UserId } from "../session/user-id.ts";
import { mapEvent, type MapperTable, notEmpty, readText, readTime, subjectOf } from "./mapper-table.ts";

/** Options of {@link toOcsf}. */
export interface OcsfOptions {
  /** The name of the app that users sign in to. */
  readonly service: string;
  /** When the event happened, in ms since the epoch. Default: now. */
  readonly time?: number | undefined;
  /**
   * The version of the schema that the event states. Default: the version that the library is
   * tested with, `1.9.0-dev`.
   */
  readonly schemaVersion?: string | undefined;
}

/** A user, by the id that the app gave. */
export interface OcsfUser {
  readonly uid: string;
  readonly type_id: 1;
  readonly type: "User";
}

/** An event of the class Authentication (3002) of the Open Cybersecurity Schema Framework. */
export interface OcsfAuthentication {
  readonly category_uid: 3;
  readonly category_name: "Identity & Access Management";
  readonly class_uid: 3002;
  readonly class_name: "Authentication";
  /**
   * 1 for a sign-in, 7 for the sign-in of an actor, 2 for the end of a session, 99 for anything
   * else.
   */
  readonly activity_id: 1 | 2 | 7 | 99;
  readonly activity_name: string;
  /** `class_uid * 100 + activity_id` */
  readonly type_uid: number;
  readonly type_name: string;
  /** 1 informational, 2 low, 3 medium, 4 high. */
  readonly severity_id: 1 | 2 | 3 | 4;
  readonly severity: string;
  /** 1 success, 2 failure, 0 unknown. */
  readonly status_id: 0 | 1 | 2;
  readonly status: string;
  /** The reason, in the schema's words where it has some. */
  readonly status_detail?: string;
  /** In ms since the epoch. */
  readonly time: number;
  readonly message: string;
  readonly metadata: {
    readonly version: string;
    readonly product: { readonly name: string; readonly vendor_name: string };
    /** The name of the library's event. */
    readonly event_code: SessionEventName;
  };
  readonly service: { readonly name: string };
  /** `name: "Unknown"` if the event has no user. */
  readonly user: OcsfUser | { readonly name: "Unknown"; readonly type_id: 0; readonly type: "Unknown" };
  /** Who acted for the user. Absent if the user did. */
  readonly actor?: { readonly user: OcsfUser; readonly session: { readonly uid: string } };
  readonly account_switch_type_id?: 2;
  readonly account_switch_type?: "Impersonate";
  readonly session?: { readonly uid: string; readonly expiration_reason?: string };
  /** The device, by its browser and system, or by its label. */
  readonly src_endpoint?: { readonly name: string };
  /** True if the user signed in from a kind of device that is new. */
  readonly is_new_logon?: boolean;
  readonly is_remote: true;
  /** Facts of the event that the schema has no place for. */
  readonly unmapped?: Readonly<Record<string, unknown>>;
}

const CLASS_UID = 3002;
/** The version of the definitions in test/vectors/ocsf. */
const SCHEMA_VERSION = "1.9.0-dev";
const ACTIVITIES = { logon: [1, "Logon"], logoff: [2, "Logoff"], switch: [7, "Account Switch"] } as const;
const STATUSES = { unknown: [0, "Unknown"], success: [1, "Success"], failure: [2, "Failure"] } as const;
const SEVERITIES = {
  informational: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
  high: [4, "High"],
} as const;

/** What differs between events. */
interface OcsfFact {
  readonly activity: readonly [OcsfAuthentication["activity_id"], string];
  readonly severity: keyof typeof SEVERITIES;
  readonly status: keyof typeof STATUSES;
  readonly detail?: string;
  readonly message: string;
  readonly userId: UserId | undefined;
  readonly handle?: string | undefined;
  /** Why the session ended. */
  readonly ended?: string;
  readonly actor?: Actor | undefined;
  readonly device?: DeviceFacts;
  readonly isNewDevice?: boolean | undefined;
  readonly rest?: Readonly<Record<string, unknown>>;
}

type Revoked = SessionEvents["session-revoked"];

const MAPPERS: MapperTable<OcsfFact> = {
  "session-created": ({ handle, userId, device, knownDevice, actor }) => [
    {
      activity: actor === undefined ? ACTIVITIES.logon : ACTIVITIES.switch,
      severity: "informational",
      status: "success",
      message: actor === undefined ? "A user signed in." : "An actor began to act for a user.",
      userId,
      actor,
      handle,
      device,
      isNewDevice: knownDevice === undefined ? undefined : !knownDevice,
    },
  ],
  "session-refreshed": ({ handle, userId, device, outcome, generation, actor }) => [
    {
      activity: [99, "Session Refresh"],
      severity: "informational",
      status: "success",
      message: "A client refreshed its tokens.",
      userId,
      actor,
      handle,
      device,
      rest: { outcome, generation },
    },
  ],
  "session-revoked": (event) => endedSessions(event).map((handle) => toLogoff(event, handle)),
  "reuse-detected": ({ handle, userId, presentingDevice, revoked, unknown, ...rest }) => [
    {
      activity: [99, "Refresh Token Reuse"],
      severity: "high",
      status: "failure",
      detail: "a refresh token was reused: two parties hold tokens of one session",
      message: `A refresh token was reused; the session was ${unknown ? "perhaps " : ""}${revoked ? "" : "not "}revoked.`,
      userId,
      handle,
      device: presentingDevice,
      rest: { revoked, ...rest },
    },
  ],
  // A revocation that it makes is an event of its own.
  "console-action": undefined,
  // No authentication. The sessions that end have records of their own.
  "user-forgotten": undefined,
  // The process that ended it has told.
  "session-ended-elsewhere": undefined,
  // The class needs a user, and these have none.
  "all-sessions-revoked": undefined,
  "clock-skew": undefined,
  "key-rotated": undefined,
  "csrf-reported": undefined,
  "request-refused": undefined,
  // The methods are in no field of the class.
  "session-reauthenticated": undefined,
  // The class Authorize Session wants roles, groups or privileges, and the claims are the app's.
  "claims-changed": undefined,
  // About the database, not about an authentication.
  "store-behind": undefined,
};

/** With a lost response one event may be about all sessions of a user. */
const endedSessions = ({ handles, unknown }: Revoked): readonly (string | undefined)[] =>
  handles.length === 0 && unknown === true ? [undefined] : handles;

const toLogoff = ({ userId, reason, unknown, except, actor }: Revoked, handle: string | undefined): OcsfFact => ({
  activity: ACTIVITIES.logoff,
  severity: reason === "reuse" ? "medium" : "informational",
  status: unknown === true ? "unknown" : "success",
  detail: reason === "sign-out" ? "LOGOFF_USER_INITIATED" : "LOGOFF_OTHER",
  message: unknown === true ? "A session may have ended." : "A session ended before it expired.",
  userId,
  actor,
  handle,
  ended: reason,
  ...(except === undefined ? {} : { rest: { except } }),
});

/**
 * Converts an event to records of the Open Cybersecurity Schema Framework, for a SIEM: class
 * Authentication (3002), one for each session. It sends nothing.
 *
 * `session-created` becomes Logon, or Account Switch where an actor signs in. `session-revoked`
 * becomes Logoff. `session-refreshed` and `reuse-detected` have the activity Other (99) and a name.
 *
 * @returns an empty list if the schema has no such event
 * @throws ConfigError for an option that is missing, unknown or of the wrong type
 * @throws SessionError `ARGUMENT_INVALID` for an unknown event
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { toOcsf } from "counterfoil/telemetry";
 *
 * const sessions = createSessions();
 * sessions.on("reuse-detected", (event) => {
 *   for (const record of toOcsf("reuse-detected", event, { service: "shop" })) {
 *     console.log(JSON.stringify(record));
 *   }
 * });
 * ```
 */
export function toOcsf<E extends SessionEventName>(
  name: E,
  event: SessionEvents[E],
  options: OcsfOptions,
): readonly OcsfAuthentication[] {
  const { service, time, version } = readWhole(options, "toOcsf", (section) => ({
    service: readText(section, "service"),
    time: readTime(section),
    version: section.text("schemaVersion", notEmpty) ?? SCHEMA_VERSION,
  }));
  return mapEvent(MAPPERS, name, event).map((fact) => ({
    category_uid: 3,
    category_name: "Identity & Access Management",
    class_uid: CLASS_UID,
    class_name: "Authentication",
    activity_id: fact.activity[0],
    activity_name: fact.activity[1],
    type_uid: CLASS_UID * 100 + fact.activity[0],
    type_name: `Authentication: ${fact.activity[0] === 99 ? "Other" : fact.activity[1]}`,
    severity_id: SEVERITIES[fact.severity][0],
    severity: SEVERITIES[fact.severity][1],
    status_id: STATUSES[fact.status][0],
    status: STATUSES[fact.status][1],
    ...(fact.detail === undefined ? {} : { status_detail: fact.detail }),
    time,
    message: fact.message,
    metadata: { version, product: { name: "Counterfoil", vendor_name: "Counterfoil" }, event_code: name },
    service: { name: service },
    user: fact.userId === undefined ? { name: "Unknown", type_id: 0, type: "Unknown" } : toUser(fact.userId),
    ...toActor(fact),
    ...toSession(fact),
    ...toEndpoint(fact.device),
    ...(fact.isNewDevice === undefined ? {} : { is_new_logon: fact.isNewDevice }),
    is_remote: true,
    ...toUnmapped(fact),
  }));
}

const toUser = (userId: UserId): OcsfUser => ({ uid: subjectOf(userId), type_id: 1, type: "User" });

function toActor({ actor, activity }: OcsfFact): Partial<OcsfAuthentication> {
  if (actor === undefined) return {};
  return {
    actor: { user: toUser(actor.userId), session: { uid: actor.handle } },
    ...(activity === ACTIVITIES.switch ? { account_switch_type_id: 2, account_switch_type: "Impersonate" } : {}),
  };
}

function toSession({ handle, ended }: OcsfFact): Pick<OcsfAuthentication, "session"> {
  if (handle === undefined) return {};
  return { session: { uid: handle, ...(ended === undefined ? {} : { expiration_reason: ended }) } };
}

function toEndpoint(device: DeviceFacts | undefined): Pick<OcsfAuthentication, "src_endpoint"> {
  const name = device?.label ?? device?.userAgent;
  return name === undefined ? {} : { src_endpoint: { name } };
}

/** The schema wants an address of an endpoint, and the library has only its network. */
function toUnmapped({ device, rest }: OcsfFact): Pick<OcsfAuthentication, "unmapped"> {
  const unmapped = { ...(device === undefined ? {} : { device }), ...rest };
  return Object.keys(unmapped).length === 0 ? {} : { unmapped };
}
