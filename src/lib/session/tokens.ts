import { formatMarker } from "../../protocol.ts";
import { mintRefreshToken, type RefreshToken } from "../token/refresh-token.ts";
import type { SessionContext } from "./context.ts";
import { readAmr } from "./amr.ts";
import { actorOf } from "./actor.ts";
import type { SessionRecord } from "./record.ts";
import { fromUserKey } from "./user-id.ts";

/** A token or marker, to be sent to the client. */
export interface TokenInfo {
  /** The text of the token, for the cookie or header. */
  readonly value: string;
  /** When the client should drop it, in ms since the epoch. */
  readonly expires: number;
  /**
   * False if the cookie must end with the browser: set it without `Max-Age` and `Expires`.
   * Otherwise absent.
   */
  readonly persistent?: false;
}

/** The tokens of a new session. */
export interface IssuedTokens {
  /** The access token, for the cookie `access`. */
  readonly accessToken: TokenInfo;
  /** The refresh token, for the cookie `refresh`. */
  readonly refreshToken: TokenInfo;
  /** The marker, for the cookie `marker`, which scripts can read. */
  readonly idRefreshToken: TokenInfo;
}

type TokenFacts = Pick<
  SessionRecord,
  | "handle"
  | "userKey"
  | "claims"
  | "claimsVersion"
  | "authTime"
  | "amr"
  | "actorKey"
  | "actorHandle"
  | "expiresAt"
  | "persistent"
> & {
  /** When the session of the actor ends. Undefined: the user acts. */
  readonly actorEnds?: number | undefined;
};

const endsWithBrowser = ({ persistent }: TokenFacts): { readonly persistent?: false } =>
  persistent === 0 ? { persistent: false } : {};

/** @throws SessionError `TOKEN_TOO_LARGE` */
export function mintAccessToken(context: SessionContext, record: TokenFacts, now: number): TokenInfo {
  const minted = context.accessTokens.mint(
    {
      userId: fromUserKey(record.userKey),
      handle: record.handle,
      claimsJson: record.claims,
      claimsVersion: record.claimsVersion,
      authTime: record.authTime,
      issuedAt: context.clocks.signed(),
      amr: readAmr(record.amr),
      actor: actorOf(record),
      endsAt: Math.min(record.expiresAt, record.actorEnds ?? Number.POSITIVE_INFINITY),
    },
    now,
  );
  return { ...minted, ...endsWithBrowser(record) };
}

/** The tokens of a response. The marker describes them to the page. */
export function issueTokens(
  context: SessionContext,
  record: TokenFacts,
  refreshToken: RefreshToken,
  now: number,
): IssuedTokens {
  const accessToken = mintAccessToken(context, record, now);
  const marker = {
    handle: record.handle,
    generation: refreshToken.generation,
    issuedAt: now,
    accessExpires: accessToken.expires,
  };
  const lifetime = { expires: record.expiresAt, ...endsWithBrowser(record) };
  return {
    accessToken,
    refreshToken: { value: refreshToken.value, ...lifetime },
    idRefreshToken: { value: formatMarker(marker), ...lifetime },
  };
}

export function mintFirstRefreshToken(context: SessionContext, handle: string): RefreshToken {
  return mintRefreshToken(context.ring.active(), handle, undefined, context.realm);
}

export function mintChild(context: SessionContext, parent: RefreshToken): RefreshToken {
  return mintRefreshToken(context.ring.active(), parent.handle, parent, context.realm);
}
