/**
 * Events of sessions for other systems: for receivers of security events (OpenID CAEP), for a SIEM
 * (OCSF), and for a logger. `counterfoil/opentelemetry` has metrics and spans.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { logEvents } from "counterfoil/telemetry";
 *
 * const sessions = createSessions();
 * const stop = logEvents(sessions, console);
 * stop();
 * ```
 *
 * @module
 */
export {
  toCaep,
  type CaepEvent,
  type CaepEventType,
  type CaepOptions,
  type CaepSubject,
  type SecurityEventToken,
  type SessionSubject,
  type UserSubject,
} from "./lib/telemetry/to-caep.ts";
export { toOcsf, type OcsfAuthentication, type OcsfOptions, type OcsfUser } from "./lib/telemetry/to-ocsf.ts";
export { logEvents, type EventLogger, type LogOptions } from "./lib/telemetry/log-events.ts";
export type { Actor } from "./lib/session/actor.ts";
export type { SessionEventName, SessionEvents } from "./lib/session/events.ts";
export type { Sessions } from "./lib/session/sessions.ts";
