/** The functions for routes with Node's own request and response, Express among them. */
import {
  createNodeExchange,
  type Http2Request,
  type NodeRequest,
  type NodeResponse,
} from "../exchange/node-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { createRequestCalls, type Opened, type RequestCalls, type UnboundCalls } from "./request-calls.ts";

/** The parameters that identify a request. */
export type NodeParameters = [request: NodeRequest | Http2Request, response: NodeResponse];

const open = (request: NodeRequest | Http2Request, response: NodeResponse): Opened => ({
  exchange: createNodeExchange(request, response),
  request,
});

const leave = (request: { auth?: RequestSession | undefined }, session: RequestSession | undefined): void =>
  void (request.auth = session);

export const calls: RequestCalls<NodeParameters> = createRequestCalls<NodeParameters>(open, leave, 2);

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
 * import express from "express";
 * import { createNewSession } from "counterfoil/express";
 *
 * express().post("/login", async (req, res) => {
 *   await createNewSession(req, res, "alice", { jwtPayload: { role: "admin" } });
 *   res.json({ ok: true });
 * });
 * ```
 */
export const createNewSession: UnboundCalls<NodeParameters>["createNewSession"] = calls.createNewSession;

/**
 * Verifies the session of a request, for routes without `verifySession`.
 *
 * @returns the session; undefined only with `sessionRequired: false`
 * @throws SessionError as `getSession` of the package root, and `CSRF_REFUSED`,
 *   `TRANSPORT_CONFLICT`
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import express from "express";
 * import { getSession } from "counterfoil/express";
 *
 * express().get("/me", async (req, res) => {
 *   const session = await getSession(req, res, { maxAuthAge: "10m" });
 *   res.json({ user: session.getUserId() });
 * });
 * ```
 */
export const getSession: UnboundCalls<NodeParameters>["getSession"] = calls.getSession;

/**
 * Refreshes the session of a request, for a refresh route of your own. If the session has ended,
 * the client's tokens are cleared.
 *
 * @returns the session
 * @throws SessionError as `refreshSession` of the package root, and `CSRF_REFUSED`
 */
export const refreshSession: UnboundCalls<NodeParameters>["refreshSession"] = calls.refreshSession;

/**
 * Signs the user of a request out, for a sign-out route of your own: revokes the session and clears
 * the client's tokens, also those of a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`, `TRANSPORT_CONFLICT`; `STORE_UNAVAILABLE` and the like, and
 *   then nothing is cleared
 */
export const signOut: UnboundCalls<NodeParameters>["signOut"] = calls.signOut;

/**
 * Returns the session that a check before this route found.
 *
 * @throws SessionError `SESSION_NOT_VERIFIED` if no check found one
 */
export const sessionOf: UnboundCalls<NodeParameters>["sessionOf"] = calls.sessionOf;

/** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
export const findSession: UnboundCalls<NodeParameters>["findSession"] = calls.findSession;
