import { formatMarker } from "../../protocol.ts";
import { mintRefreshToken, type RefreshToken } from "../token/refresh-token.ts";
import type { SessionContext } from "./context.ts";
import type { SessionRecord } from "./record.ts";
import { fromUserKey } from "./user-id.ts";

/** A token or marker and when it expires, in ms since the epoch. */
export interface TokenInfo {
  readonly value: string;
  readonly expires: number;
}

/** Everything that a client gets along with a session. */
export interface IssuedTokens {
  readonly accessToken: TokenInfo;
  readonly refreshToken: TokenInfo;
  readonly idRefreshToken: TokenInfo;
}

type TokenFacts = Pick<SessionRecord, "handle" | "userKey" | "claims" | "claimsVersion" | "authTime" | "expiresAt">;

/** @throws SessionError `TOKEN_TOO_LARGE` */
export function mintAccessToken(context: SessionContext, record: TokenFacts, now: number): TokenInfo {
  return context.accessTokens.mint(
    {
      userId: fromUserKey(record.userKey),
      handle: record.handle,
      claimsJson: record.claims,
      claimsVersion: record.claimsVersion,
      authTime: record.authTime,
      endsAt: record.expiresAt,
    },
    now,
  );
}

/** The tokens of an answer; the marker tells the page what came. */
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
  return {
    accessToken,
    refreshToken: { value: refreshToken.value, expires: record.expiresAt },
    idRefreshToken: { value: formatMarker(marker), expires: record.expiresAt },
  };
}

export function mintFirstRefreshToken(context: SessionContext, handle: string): RefreshToken {
  return mintRefreshToken(context.ring.active(), handle, undefined, context.realm);
}

export function mintChild(context: SessionContext, parent: RefreshToken): RefreshToken {
  return mintRefreshToken(context.ring.active(), parent.handle, parent, context.realm);
}
