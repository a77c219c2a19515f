/** The functions for routes of Hono. */
import { type HonoContextShape, honoExchangeOf } from "../exchange/hono-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters that identify a request. */
export type HonoParameters = [context: HonoContextShape];

const open = (context: HonoContextShape): Opened => ({ exchange: honoExchangeOf(context), request: context });

// The app's own types declare its variables.
const leave = (context: { set(name: string, value: unknown): void }, session: RequestSession | undefined): void =>
  context.set("auth", session);

export const calls: RequestCalls<HonoParameters> = createRequestCalls<HonoParameters>(open, leave, 1);

/**
 * Signs a user in: starts a session, sends its tokens, and revokes the session that the request
 * carried.
 *
 * @returns the new session
 * @throws SessionError `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`
 *   when an argument does not fit; `SESSION_LIMIT_REACHED`; `CSRF_REFUSED`, `TRANSPORT_REFUSED`;
 *   `RESPONSE_ALREADY_SENT` if the response has begun
 * @throws ConfigError for a detail that is unknown or of the wrong type
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createNewSession } from "counterfoil/hono";
 *
 * new Hono().post("/login", async (c) => {
 *   await createNewSession(c, "alice", { jwtPayload: { role: "admin" } });
 *   return c.json({ ok: true });
 * });
 * ```
 */
export const createNewSession: UnboundCalls<HonoParameters>["createNewSession"] = calls.createNewSession;

/**
 * Verifies the session of a request, for routes without `verifySession`.
 *
 * @returns the session; undefined only with `sessionRequired: false`
 * @throws SessionError as `getSession` of the package root, and `CSRF_REFUSED`,
 *   `TRANSPORT_CONFLICT`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { getSession } from "counterfoil/hono";
 *
 * new Hono().get("/me", async (c) => {
 *   const session = await getSession(c, { maxAuthAge: "10m" });
 *   return c.json({ user: session.getUserId() });
 * });
 * ```
 */
export const getSession: UnboundCalls<HonoParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own. If the session has ended,
 * the client's tokens are cleared.
 *
 * @returns the session
 * @throws SessionError as `refreshSession` of the package root, and `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<HonoParameters>["refreshSession"] = calls.refreshSession;

/**
 * Signs the user of a request out, for a sign-out route of your own: revokes the session and clears
 * the client's tokens, also those of a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`, `TRANSPORT_CONFLICT`; `STORE_UNAVAILABLE` and the like, and
 *   then nothing is cleared
 */
export const signOut: UnboundCalls<HonoParameters>["signOut"] = calls.signOut;

/**
 * Returns the session that a check before this route found.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` if no check found one
 */
export const sessionOf: UnboundCalls<HonoParameters>["sessionOf"] = calls.sessionOf;

/** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
export const findSession: UnboundCalls<HonoParameters>["findSession"] = calls.findSession;
