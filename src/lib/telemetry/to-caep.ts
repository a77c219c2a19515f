import { randomUUID } from "node:crypto";
import { readWhole } from "../options/config-reader.ts";
import type { Actor } from "../session/actor.ts";
import type { SessionEventName, SessionEvents } from "../session/events.ts";
import type { UserId } from "../session/user-id.ts";
import { mapEvent, type MapperTable, readText, readTime, subjectOf } from "./mapper-table.ts";

/** Options of {@link toCaep}. */
export interface CaepOptions {
  /** Who makes the statement: `iss` of the token, and the issuer of the user's id. */
  readonly issuer: string;
  /** Who receives it: `aud` of the token. Default: none. */
  readonly audience?: string | readonly string[] | undefined;
  /** When the event happened, in ms since the epoch. Default: now. */
  readonly time?: number | undefined;
  /** Makes the `jti` of each token, which must be unique. Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
}

/** The user, by issuer and id (RFC 9493 3.2.4). */
export interface UserSubject {
  readonly format: "iss_sub";
  readonly iss: string;
  readonly sub: string;
}

/** The session, by its handle (RFC 9493 3.2.6). */
export interface SessionSubject {
  readonly format: "opaque";
  readonly id: string;
}

/** Which session of which user a token is about. */
export interface CaepSubject {
  readonly format: "complex";
  /** Absent if the event has no user. */
  readonly user?: UserSubject;
  readonly session: SessionSubject;
}

/** The event types of CAEP that {@link toCaep} makes. */
export type CaepEventType =
  `${typeof CAEP_BASE}${"session-established" | "session-presented" | "session-revoked" | "token-claims-change" | "assurance-level-change"}`;

/** What is said of an event. */
export interface CaepEvent {
  /** When it happened, in seconds since the epoch. */
  readonly event_timestamp: number;
  /** Who caused it. Absent if unknown. */
  readonly initiating_entity?: "admin" | "user" | "policy" | "system";
  /** The reason, for the logs of the receiver. */
  readonly reason_admin?: { readonly en: string };
  /** With `token-claims-change`: the changed claims with their new values; null if removed. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** With `assurance-level-change`: whose names the levels are. */
  readonly namespace?: "RFC8176";
  /** The methods of the sign-in, with blanks between. */
  readonly current_level?: string;
  /** Those of the sign-in before. Absent if unknown. */
  readonly previous_level?: string;
}

/** The payload of a Security Event Token (RFC 8417), to be signed with `typ: secevent+jwt`. */
export interface SecurityEventToken {
  readonly iss: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly jti: string;
  readonly aud?: string | readonly string[];
  readonly sub_id: CaepSubject;
  /** Exactly one event, by its type. */
  readonly events: Readonly<Partial<Record<CaepEventType, CaepEvent>>>;
}

const CAEP_BASE = "https://schemas.openid.net/secevent/caep/event-type/";

/** One statement, before the options are known. */
interface CaepFact extends Said {
  readonly type: CaepEventType;
  readonly handle: string;
  readonly userId: UserId | undefined;
}

type Reason = SessionEvents["session-revoked"]["reason"];

type Said = Omit<CaepEvent, "event_timestamp">;

const REASONS: Readonly<Record<Reason, Said>> = {
  // A function or a route of the app, which may serve an admin or the user.
  revoked: { reason_admin: { en: "revoked" } },
  "sign-out": { initiating_entity: "user", reason_admin: { en: "sign-out" } },
  "signed-in-again": { initiating_entity: "user", reason_admin: { en: "replaced by a new sign-in" } },
  reuse: { initiating_entity: "policy", reason_admin: { en: "a refresh token was reused" } },
  "actor-ended": { initiating_entity: "policy", reason_admin: { en: "the session of the actor ended" } },
  limit: { initiating_entity: "policy", reason_admin: { en: "too many sessions of the user" } },
};

const MAPPERS: MapperTable<CaepFact> = {
  "session-created": ({ handle, userId, actor }) => [
    { type: `${CAEP_BASE}session-established`, handle, userId, ...byActor(actor) },
  ],
  "session-refreshed": ({ handle, userId, actor }) => [
    { type: `${CAEP_BASE}session-presented`, handle, userId, ...byActor(actor) },
  ],
  // A receiver acts on facts, and it is unknown whether these sessions have ended.
  "session-revoked": ({ handles, userId, reason, unknown, actor }) =>
    unknown === true
      ? []
      : handles.map((handle) => ({
          type: `${CAEP_BASE}session-revoked`,
          handle,
          userId,
          ...REASONS[reason],
          ...(reason === "sign-out" ? byActor(actor) : {}),
        })),
  // The sessions that end have events of their own.
  "user-forgotten": undefined,
  // The process that ended it has told.
  "session-ended-elsewhere": undefined,
  // CAEP has no subject that means everybody.
  "all-sessions-revoked": undefined,
  // Without methods nothing is known of a level.
  "session-reauthenticated": ({ handle, userId, amr, previousAmr }) =>
    amr === undefined
      ? []
      : [
          {
            type: `${CAEP_BASE}assurance-level-change`,
            handle,
            userId,
            initiating_entity: "user",
            namespace: "RFC8176",
            current_level: amr.join(" "),
            ...(previousAmr === undefined ? {} : { previous_level: previousAmr.join(" ") }),
          },
        ],
  "claims-changed": ({ handle, userId, actor, claims, changed }) =>
    // Only members of an object have changed.
    changed.length > 0
      ? [
          {
            type: `${CAEP_BASE}token-claims-change`,
            handle,
            userId,
            ...byActor(actor),
            claims: Object.fromEntries(changed.map((name) => [name, memberOf(claims, name)])),
          },
        ]
      : [],
  // The revocation that follows is an event of its own.
  "reuse-detected": undefined,
  "store-behind": undefined,
  "clock-skew": undefined,
  "key-rotated": undefined,
  // A revocation that it makes is an event of its own.
  "console-action": undefined,
  "csrf-reported": undefined,
  "request-refused": undefined,
};

const memberOf = (claims: unknown, name: string): unknown =>
  typeof claims === "object" && claims !== null && Object.hasOwn(claims, name) ? Reflect.get(claims, name) : null;

const byActor = (actor: Actor | undefined): Said => (actor === undefined ? {} : { initiating_entity: "admin" });

/**
 * Converts an event to payloads of Security Event Tokens (RFC 8417) with events of the OpenID
 * Continuous Access Evaluation Profile 1.0: one for each session. It neither signs nor sends them.
 *
 * `session-created` becomes `session-established`, `session-refreshed` becomes `session-presented`,
 * `claims-changed` becomes `token-claims-change`, `session-reauthenticated` with methods
 * `assurance-level-change`, and `session-revoked` keeps its name. What an
 * actor did for the user has the `initiating_entity` `admin`. A revocation with `unknown` yields
 * nothing, because a receiver takes each token for a fact.
 *
 * @returns an empty list if CAEP has no such event
 * @throws ConfigError for an option that is missing, unknown or of the wrong type
 * @throws SessionError `ARGUMENT_INVALID` for an unknown event
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { toCaep } from "counterfoil/telemetry";
 *
 * const sessions = createSessions();
 * sessions.on("session-revoked", (event) => {
 *   for (const payload of toCaep("session-revoked", event, { issuer: "https://app.example.com" })) {
 *     console.log(JSON.stringify(payload)); // sign it, and send it to your receivers
 *   }
 * });
 * ```
 */
export function toCaep<E extends SessionEventName>(
  name: E,
  event: SessionEvents[E],
  options: CaepOptions,
): readonly SecurityEventToken[] {
  const { issuer, audience, time, newId } = readWhole(options, "toCaep", (section) => ({
    issuer: readText(section, "issuer"),
    audience: section.value("audience", "a string, or a list of strings", isAudience),
    time: readTime(section),
    newId: section.value("newId", "a function", isFunction) ?? randomUUID,
  }));
  const seconds = Math.floor(time / 1000);
  return mapEvent(MAPPERS, name, event).map(({ type, handle, userId, ...said }) => ({
    iss: issuer,
    iat: seconds,
    jti: newId(),
    ...(audience === undefined ? {} : { aud: audience }),
    sub_id: {
      format: "complex",
      ...(userId === undefined ? {} : { user: { format: "iss_sub", iss: issuer, sub: subjectOf(userId) } as const }),
      session: { format: "opaque", id: handle },
    },
    events: { [type]: { event_timestamp: seconds, ...said } },
  }));
}

const isAudience = (value: unknown): value is string | readonly string[] =>
  typeof value === "string" || (Array.isArray(value) && value.every((entry) => typeof entry === "string"));
const isFunction = (value: unknown): value is () => string => typeof value === "function";
