/**
 * What NestJS calls guards, filters and decorators for: an HTTP request, or one resolver of a
 * GraphQL operation.
 */
import { generalError, type SessionError } from "../../errors.ts";
import type { PlatformRequest, PlatformResponse } from "./nest-platform.ts";

/** The used part of Nest's `ArgumentsHost`. */
export interface NestHost {
  getType(): string;
  getArgs(): readonly unknown[];
}

/** The request of a route or a resolver. */
export interface HostRequest {
  readonly request: PlatformRequest;
  /** Undefined if the context of GraphQL does not have it. */
  readonly response: PlatformResponse | undefined;
  /**
   * Of a resolver: what stands for this run of it, because others of the same request may run at
   * the same time.
   */
  readonly run: object | undefined;
}

/** The context of resolvers, as apps and drivers build it. */
interface ResolverContext {
  readonly req?: (PlatformRequest & { readonly res?: PlatformResponse }) | undefined;
  readonly res?: PlatformResponse | undefined;
}

/** @throws SessionError `ARGUMENT_INVALID` where there is no HTTP request */
export function requestOf(host: NestHost): HostRequest {
  const type = host.getType();
  const given = host.getArgs();
  if (type === "http")
    return { request: given[0] as PlatformRequest, response: given[1] as PlatformResponse, run: undefined };
  if (type !== "graphql") throw noRequest(`messages of the transport "${type}"`);
  // The last two, because references of a federation are resolved without arguments.
  const { req, res } = (given.at(-2) ?? {}) as ResolverContext;
  if (req === undefined || !("headers" in req)) throw noRequest("a GraphQL operation over a WebSocket");
  return { request: req, response: res ?? req.res, run: given.at(-1) as object };
}

const noRequest = (what: string): SessionError =>
  generalError(
    "ARGUMENT_INVALID",
    `SessionGuard, @VerifySession() and @CurrentSession() know HTTP requests and GraphQL operations over HTTP, and not ${what}; ` +
      "write @NoSession() there, and check the upgrade with getUpgradeSession of counterfoil/websocket",
  );
