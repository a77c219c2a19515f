import { DURATION, type Duration, parseDuration } from "../options/duration.ts";
import { type Actor, actorField, actorRefused, withActor } from "./actor.ts";
import { checkAmr, hasAmr, type SignIn, signInColumns } from "./amr.ts";
import { type ClaimsCheck, type ClaimsRequirement, toClaimsCheck } from "./claims-requirement.ts";
import { ClaimError, generalError, type SessionError, StepUpError, tryRefreshToken, unauthorised } from "../errors.ts";
import type { AccessTokenVerdict, VerifiedAccessToken } from "../token/access-token.ts";
import { deepFreeze } from "../token/access-token.ts";
import { equalInConstantTime } from "../crypto/encoding.ts";
import type { SessionContext } from "./context.ts";
import type { FoundSession } from "./session-store.ts";
import type { SessionRecord } from "./record.ts";
import { type Awaitable, isLater } from "../awaitable.ts";
import type { Standing } from "./revocation-check.ts";
import { mintAccessToken, type TokenInfo } from "./tokens.ts";
import { lookAgainWithNewKeys } from "./unknown-key.ts";
import { fromUserKey, toUserKey, type UserId } from "./user-id.ts";

/** A session, as an access token describes it. */
export interface Session<Claims = unknown, Id extends UserId = UserId> {
  /** The public name of the session. It is no secret and safe in logs. */
  readonly handle: string;
  /** The user, exactly as given to `createNewSession`. */
  readonly userId: Id;
  /**
   * The claims. The object from `getSession` is frozen, because requests with the same token share
   * it.
   */
  readonly jwtPayload: Claims;
  /** Who acts for the user: the claim `act` (RFC 8693 4.1). Absent if the user does. */
  readonly actor?: Actor;
}

/** Converts a row to a session. */
export const toSession = (row: SessionRecord): Session => ({
  handle: row.handle,
  userId: fromUserKey(row.userKey),
  jwtPayload: JSON.parse(row.claims),
  ...actorField(row),
});

/** Options of `getSession`. */
export interface VerifyOptions<Claims = unknown> {
  /**
   * The greatest age of the sign-in, for instance `"10m"`. An older one fails with
   * `STEP_UP_REQUIRED` (RFC 9470). Default: any age.
   */
  readonly maxAuthAge?: Duration | undefined;
  /**
   * `"required"` refuses a call without an anti-CSRF token with `ANTI_CSRF_MISSING`. Set it for
   * every request that changes something (OWASP ASVS 5.0, 3.5.1). Default: `undefined` and `null`
   * skip the check.
   */
  readonly antiCsrf?: "required";
  /**
   * Whether a session in which somebody else acts for the user is refused, with `ACTOR_REFUSED`.
   * Set it for everything that changes credentials. Default false.
   */
  readonly refuseActor?: boolean | undefined;
  /**
   * What the claims must have, for instance `{ role: "admin" }`, or a function of the claims that
   * returns true. Otherwise the call fails with `CLAIM_REQUIRED`. It looks at the newest claims:
   * those in the token, or with a revocation check those in the store. Default: any claims.
   */
  readonly claims?: ClaimsRequirement<Claims>;
  /**
   * The methods that the sign-in must have used, all of them, for instance `["mfa"]`. Otherwise the
   * call fails with `STEP_UP_REQUIRED`. Default: any.
   */
  readonly requireAmr?: readonly string[];
}

/** The result of `getSession`. */
export interface VerifiedSession<Claims = unknown, Id extends UserId = UserId> {
  /** The session. */
  readonly session: Session<Claims, Id>;
  /**
   * An access token with newer claims. Send it to the client in place of the old one. Only with
   * `revocation: "store"` or `"feed"`.
   */
  readonly newAccessToken?: TokenInfo;
}

/** For the HTTP part. */
export interface Verified extends VerifiedSession {
  /** When the presented token expires, in ms since the epoch. */
  readonly accessExpires: number;
  /** What the presented token tells of the sign-in. */
  readonly token: SignIn;
  /** The row, if it was read. */
  readonly row?: FoundSession;
}

/** Internal additions to the options. */
export interface Judgement extends VerifyOptions {
  /** The time to judge an authentic token by, in ms since the epoch. Default: now. */
  readonly judgedAt?: (token: VerifiedAccessToken, now: number) => number;
}

/**
 * Decides at once if the keys are loaded, the token names one of them and no revocation check is
 * on. An immediate refusal is thrown, not rejected.
 */
export function verifySession(
  context: SessionContext,
  accessToken: string,
  antiCsrfToken: string | null | undefined,
  options: Judgement = {},
): Awaitable<Verified> {
  if (typeof accessToken !== "string") throw tryRefreshToken("ACCESS_TOKEN_MISSING", "there is no access token");
  // A requirement that is undefined by accident must not let everybody in.
  const check = "claims" in options ? toClaimsCheck(options.claims) : undefined;
  const amr = "requireAmr" in options ? checkAmr(options.requireAmr, "requireAmr") : undefined;
  const maxAuthAge = "maxAuthAge" in options ? toMaxAuthAge(options.maxAuthAge) : undefined;
  const given: Given = { antiCsrfToken, options, maxAuthAge, check, amr };
  if (options.antiCsrf !== undefined) checkAntiCsrfOption(options.antiCsrf, context.policy.antiCsrf);
  checkRefuseActor(options.refuseActor);
  const time = context.now();
  // A process that only verifies must also notice new keys. One request a minute waits for that,
  // briefly, and none fails because of it.
  const pending = context.ready() ?? context.ring.tend(time);
  if (pending !== undefined) return verifyLater(context, accessToken, given, pending);
  const verdict = context.accessTokens.verify(accessToken);
  if (verdict.kind === "authentic") return judge(context, verdict.token, given, time);
  return authenticate(context, accessToken, verdict).then((token) => judge(context, token, given, context.now()));
}

/** The conditions for a token. */
interface Given {
  readonly antiCsrfToken: string | null | undefined;
  readonly options: Judgement;
  /** In ms. */
  readonly maxAuthAge: number | undefined;
  /** Undefined: any claims. */
  readonly check: ClaimsCheck | undefined;
  /** Undefined: any methods. */
  readonly amr: readonly string[] | undefined;
}

async function verifyLater(
  context: SessionContext,
  accessToken: string,
  given: Given,
  pending: Promise<void>,
): Promise<Verified> {
  await pending;
  await context.ring.tend(context.now());
  const token = await authenticate(context, accessToken);
  return judge(context, token, given, context.now());
}

/** Applies the conditions to an authentic token at `time`. */
function judge(context: SessionContext, token: VerifiedAccessToken, given: Given, time: number): Awaitable<Verified> {
  const { antiCsrfToken, options } = given;
  const now = options.judgedAt === undefined ? time : options.judgedAt(token, time);
  if (now >= token.expires) throw tryRefreshToken("ACCESS_TOKEN_EXPIRED", "the access token has expired");
  if (antiCsrfToken !== undefined && antiCsrfToken !== null) {
    if (context.policy.antiCsrf) checkAntiCsrf(context, token, antiCsrfToken);
  } else if (options.antiCsrf === "required") {
    throw antiCsrfMissing();
  }
  if (context.revocation === undefined) return accept(token, now, given);
  const standing = context.revocation.check(token, now);
  if (isLater(standing)) return standing.then((known) => settle(context, token, known, { ...given, now }));
  return settle(context, token, standing, { ...given, now });
}

function accept(token: VerifiedAccessToken, now: number, given: Given): Verified {
  applyDemands(token, now, given);
  return describe(token);
}

/** The last check: a user whose session has ended must not be asked for a fresher sign-in. */
function applyDemands(
  { actor, authTime, amr, claims }: Pick<VerifiedAccessToken, "actor" | "authTime" | "amr" | "claims">,
  now: number,
  { options: { refuseActor }, maxAuthAge, check, amr: required }: Given,
): void {
  if (refuseActor === true && actor !== undefined)
    throw actorRefused("somebody acts for the user in this session, and this is only for the user");
  const missing = check?.(claims);
  if (missing !== undefined) throw new ClaimError(missing);
  const isOld = maxAuthAge !== undefined && now - authTime > maxAuthAge;
  if (isOld || (required !== undefined && !hasAmr(amr, required))) throw new StepUpError(maxAuthAge, required);
}

/**
 * Authenticates an access token, expired or not.
 *
 * @param found the first result, so that a signature is checked once
 * @throws SessionError `ACCESS_TOKEN_INVALID`
 */
export async function authenticate(
  context: SessionContext,
  accessToken: string,
  found?: AccessTokenVerdict,
): Promise<VerifiedAccessToken> {
  const verdict = await lookAgainWithNewKeys(context, () => context.accessTokens.verify(accessToken), found);
  if (verdict.kind === "authentic") return verdict.token;
  throw tryRefreshToken(
    "ACCESS_TOKEN_INVALID",
    "the access token is not one that this installation made, or its key is gone",
  );
}

/** The error for a missing anti-CSRF token where one is required. */
export const antiCsrfMissing = (): SessionError =>
  tryRefreshToken("ANTI_CSRF_MISSING", "the anti-CSRF token is missing");

function checkAntiCsrf(context: SessionContext, token: VerifiedAccessToken, given: unknown): void {
  if (typeof given === "string") {
    if (token.provenAntiCsrf !== undefined && equalInConstantTime(token.provenAntiCsrf, given)) return;
    if (context.antiCsrf.matches(given, token.handle)) {
      token.provenAntiCsrf = given;
      return;
    }
  }
  throw tryRefreshToken("ANTI_CSRF_MISMATCH", "the anti-CSRF token does not belong to this session");
}

/** Decides by what the revocation check found. */
function settle(
  context: SessionContext,
  token: VerifiedAccessToken,
  live: Standing,
  given: Given & { readonly now: number },
): Verified {
  const { now } = given;
  if (live === "ended") throw unauthorised("SESSION_NOT_FOUND", "the session has been revoked or has expired");
  if (live === "live") return accept(token, now, given);
  const isCurrent = live.claimsVersion <= token.claimsVersion;
  const claims = isCurrent ? token.claims : deepFreeze<unknown>(JSON.parse(live.claims));
  applyDemands({ ...token, claims }, now, given);
  if (isCurrent) return { ...describe(token), row: live };
  const { handle, userId } = token;
  // Newer claims, but the same expiry and the same sign-in: a thief with only a copied access token
  // must not be able to renew it, nor get the user's step-up.
  const newAccessToken = mintAccessToken(
    context,
    {
      ...live,
      handle,
      userKey: toUserKey(userId),
      ...signInColumns(token),
      expiresAt: Math.min(live.expiresAt, token.expires),
    },
    now,
  );
  const session = { handle, userId, jwtPayload: claims, ...withActor(token.actor) };
  return { session, newAccessToken, accessExpires: token.expires, token, row: live };
}

function describe(token: VerifiedAccessToken): Verified {
  const { handle, userId, claims, actor, expires } = token;
  const session = { handle, userId, jwtPayload: claims };
  return { session: actor === undefined ? session : { ...session, actor }, accessExpires: expires, token };
}

function checkAntiCsrfOption(antiCsrf: unknown, hasTokens: boolean): void {
  if (antiCsrf !== "required")
    throw generalError("ARGUMENT_INVALID", 'antiCsrf is not "required"; write that, or leave it out');
  if (!hasTokens)
    throw generalError(
      "ARGUMENT_INVALID",
      'antiCsrf is "required", but tokens.enableAntiCsrf is false, so that there is no token; leave the option out, and demand a header of your own',
    );
}

/** Any other value would let everybody in. */
function checkRefuseActor(refuseActor: unknown): void {
  if (refuseActor === undefined || typeof refuseActor === "boolean") return;
  throw generalError("ARGUMENT_INVALID", "refuseActor is not true or false; write one, or leave it out");
}

/** Also refuses undefined, as an unset environment variable gives it. */
function toMaxAuthAge(maxAuthAge: unknown): number {
  const ms = parseDuration(maxAuthAge);
  if (ms !== undefined) return ms;
  const is = maxAuthAge === undefined ? "is undefined" : "is no duration";
  throw generalError("ARGUMENT_INVALID", `maxAuthAge ${is}; write ${DURATION}, or leave it out for any age`);
}
