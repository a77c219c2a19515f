import type { SigningAlgorithm } from "../policy.ts";
import { generalError } from "../errors.ts";
import type { KeyRing } from "../key/key-ring.ts";
import { createFlatCopy } from "../crypto/encoding.ts";
import { MAX_JWS_LENGTH, parseJwsHeader, verifyJws } from "../crypto/jwt.ts";
import { type CachedToken, VerifiedTokenCache } from "./verified-token-cache.ts";

/** Who acts for the user of a token: claim `act` (RFC 8693 4.1). */
export interface TokenActor {
  readonly userId: string | number;
  /** The actor's own session, with which this one ends. */
  readonly handle: string;
}

/**
 * The contents of an access token. `claims` is the app's part, kept separate so that it cannot
 * override a standard claim.
 */
export interface AccessTokenFacts {
  readonly userId: string | number;
  readonly handle: string;
  readonly claimsVersion: number;
  /** ms since the epoch, in whole seconds */
  readonly authTime: number;
  /** How the user signed in (RFC 8176); undefined if it is unknown. */
  readonly amr?: readonly string[] | undefined;
  /** Undefined: the user. */
  readonly actor?: TokenActor | undefined;
}

export interface VerifiedAccessToken extends AccessTokenFacts, CachedToken {
  /** Parsed and frozen, because all requests with this token share the object. */
  readonly claims: unknown;
  /** How long it was valid when it was made, in ms: a small number, which takes no memory. */
  readonly lifetime: number;
  /** ms since the epoch */
  readonly expires: number;
  /** The version of the log of revocations by which it last passed; -1: none. */
  passedAt: number;
  /** How many revocations of all sessions its row has survived, see `JudgedToken`. */
  sparedEpochs: number | undefined;
  /** The anti-CSRF token that last matched it. */
  provenAntiCsrf: string | undefined;
}

export type AccessTokenVerdict =
  | { readonly kind: "authentic"; readonly token: VerifiedAccessToken }
  | { readonly kind: "unknown-key" }
  | { readonly kind: "invalid" };

export interface AccessTokenPolicy {
  /** ms */
  readonly validity: number;
  /** The greatest length, so that the cookie with the token stays within 4096 bytes. */
  readonly maxLength: number;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** How many verified tokens are cached. */
  readonly cacheSize: number;
}

export interface AccessTokens {
  mint(
    facts: AccessTokenFacts & { claimsJson: string; endsAt: number; issuedAt?: number },
    now: number,
  ): { value: string; expires: number };
  /**
   * Verifies only the signature. An expired token is authentic too, so the caller must check
   * `expires`.
   */
  verify(value: string): AccessTokenVerdict;
  /** Whether the header of a token names a key that this process does not know. */
  namesUnknownKey(value: string): boolean;
  /** How often `verify` has found a token in its cache, and how often not. */
  cacheCounts(): { readonly hits: number; readonly misses: number };
}

/** In characters of base64url. */
const SIGNATURE_LENGTH: Readonly<Record<SigningAlgorithm, number>> = { HS256: 43, EdDSA: 86, ES256: 86 };

/** Access tokens are compact JWS of type `at+jwt` (RFC 7515, RFC 7519, RFC 9068). */
export function createAccessTokens(ring: KeyRing, policy: AccessTokenPolicy): AccessTokens {
  const cache = new VerifiedTokenCache<VerifiedAccessToken>(policy.cacheSize);
  let cacheEpoch = ring.epoch();

  function namesUnknownKey(value: string): boolean {
    if (value.length > MAX_JWS_LENGTH) return false;
    const header = parseJwsHeader(value.slice(0, value.indexOf(".")));
    return header?.typ === "at+jwt" && header.kid?.length === 11 && ring.findByKid(header.kid) === undefined;
  }

  return {
    mint({ userId, handle, claimsVersion, authTime, amr, actor, claimsJson, endsAt, issuedAt }, now) {
      const expires = Math.min(now + policy.validity, endsAt);
      const standard = JSON.stringify({
        iss: policy.issuer,
        aud: policy.audience,
        ...subjectOf(userId, handle),
        act: actor === undefined ? undefined : subjectOf(actor.userId, actor.handle),
        iat: toNumericDate(issuedAt ?? now),
        exp: toNumericDate(expires),
        auth_time: Math.floor(authTime / 1000),
        amr,
        cv: claimsVersion,
      });
      const payload = `${standard.slice(0, -1)},"pld":${claimsJson}}`;
      const key = ring.active();
      const signingInput = `${key.headerSegment}.${Buffer.from(payload).toString("base64url")}`;
      const length = signingInput.length + 1 + SIGNATURE_LENGTH[key.algorithm];
      if (length > policy.maxLength) throw tooLarge(length, policy.maxLength, claimsJson);
      const value = `${signingInput}.${key.sign(signingInput)}`;
      return { value, expires };
    },

    verify(value) {
      if (cacheEpoch !== ring.epoch()) {
        cache.clear();
        cacheEpoch = ring.epoch();
      }
      const known = cache.get(value);
      if (known !== undefined) return { kind: "authentic", token: known };
      const payload = verifyJws(value, ring.findByHeader);
      if (payload === undefined) return { kind: namesUnknownKey(value) ? "unknown-key" : "invalid" };
      const token = parsePayload(value, payload, policy);
      if (token === undefined) return { kind: "invalid" };
      cache.set(token);
      return { kind: "authentic", token };
    },

    namesUnknownKey,
    cacheCounts: () => cache.counts(),
  };
}

const subjectOf = (userId: string | number, handle: string): object => ({
  sub: Object.is(userId, -0) ? "-0" : String(userId),
  sub_type: typeof userId === "number" ? "number" : undefined,
  sid: handle,
});

/** @returns undefined unless it is what {@link subjectOf} makes */
function parseSubject({ sub, sub_type, sid }: Record<string, unknown>): TokenActor | undefined {
  if (typeof sub !== "string" || typeof sid !== "string") return undefined;
  return { userId: sub_type === "number" ? Number(sub) : sub, handle: sid };
}

const flatCopy = createFlatCopy(MAX_JWS_LENGTH);

function parsePayload(token: string, payload: string, policy: AccessTokenPolicy): VerifiedAccessToken | undefined {
  // Only tokens that this library signed get here. The checks protect against a key that is shared
  // with another issuer.
  const body = parseObject(payload);
  if (body === undefined) return undefined;
  const { iat, exp, auth_time, cv, pld, iss, aud, act, amr } = body;
  const subject = parseSubject(body);
  if (subject === undefined) return undefined;
  const actor = isObject(act) ? parseSubject(act) : undefined;
  // An actor that cannot be read must not become the user.
  if (act !== undefined && actor === undefined) return undefined;
  const expires = fromNumericDate(exp);
  const issuedAt = fromNumericDate(iat);
  if (
    expires === undefined ||
    issuedAt === undefined ||
    !Number.isInteger(auth_time) ||
    !Number.isInteger(cv) ||
    pld === undefined
  )
    return undefined;
  if (amr !== undefined && !isTexts(amr)) return undefined;
  if (iss !== policy.issuer || aud !== policy.audience) return undefined;
  return {
    // A slice would keep the whole header in memory for as long as the token is cached.
    token: policy.cacheSize === 0 ? token : flatCopy(token),
    userId: subject.userId,
    handle: subject.handle,
    claimsVersion: cv as number,
    authTime: (auth_time as number) * 1000,
    amr,
    actor,
    claims: deepFreeze(pld),
    lifetime: expires - issuedAt,
    expires,
    passedAt: -1,
    sparedEpochs: undefined,
    provenAntiCsrf: undefined,
  };
}

/**
 * Seconds with up to three decimals, which RFC 7519 2 allows, so that lifetimes are exact to the
 * millisecond.
 */
const toNumericDate = (milliseconds: number): number => milliseconds / 1000;

/** @returns undefined for values that {@link toNumericDate} does not produce */
function fromNumericDate(seconds: unknown): number | undefined {
  if (typeof seconds !== "number") return undefined;
  const milliseconds = Math.round(seconds * 1000);
  return Number.isSafeInteger(milliseconds) && toNumericDate(milliseconds) === seconds ? milliseconds : undefined;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Freezes parsed JSON recursively; it has no cycles. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}

function tooLarge(length: number, maxLength: number, claimsJson: string): Error {
  const claims: unknown = JSON.parse(claimsJson);
  const sizes = Object.entries(typeof claims === "object" && claims !== null ? claims : { jwtPayload: claims })
    .map(([name, value]) => ({ name, size: JSON.stringify(value).length }))
    .sort((a, b) => b.size - a.size);
  const largest = sizes[0];
  const hint =
    largest === undefined
      ? ""
      : `; the largest claim is jwtPayload.${largest.name} with ${largest.size} characters: keep it in sessionData instead`;
  return generalError(
    "TOKEN_TOO_LARGE",
    `the access token would have ${length} characters, and browsers drop a cookie over 4096 bytes, which leaves ${maxLength}${hint}`,
  );
}
