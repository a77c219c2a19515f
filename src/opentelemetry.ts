/**
 * Metrics and spans of OpenTelemetry. The module needs `@opentelemetry/api`, which an app with an
 * SDK of OpenTelemetry has installed.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { observeSessions } from "counterfoil/opentelemetry";
 *
 * const sessions = createSessions();
 * observeSessions(sessions);
 * ```
 *
 * @module
 */
export { observeSessions, type ObserveOptions } from "./lib/opentelemetry/observe-sessions.ts";
export type { Sessions } from "./lib/session/sessions.ts";
