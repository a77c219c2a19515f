/**
 * The requirements for an adapter of a web framework, as data: each clause sends raw requests to a
 * real port. An adapter is done when it passes the list. Ids never change their meaning.
 */
import { actorClauses } from "./http-actor-clauses.ts";
import { responseClauses } from "./http-response-clauses.ts";
import type { HttpClause } from "./http-app.ts";
import { cacheClauses } from "./http-cache-clauses.ts";
import { claimsClauses } from "./http-claims-clauses.ts";
import { cookieClauses } from "./http-cookie-clauses.ts";
import { corsClauses } from "./http-cors-clauses.ts";
import { csrfClauses } from "./http-csrf-clauses.ts";
import { demandClauses } from "./http-demand-clauses.ts";
import { dialectClauses } from "./http-dialect-clauses.ts";
import { hostileClauses } from "./http-hostile-clauses.ts";
import { pageClauses } from "./http-page-clauses.ts";
import { pathClauses } from "./http-path-clauses.ts";
import { stepUpClauses } from "./http-step-up-clauses.ts";
import { transportClauses } from "./http-transport-clauses.ts";

/**
 * Everything that an adapter must do, most telling first. An adapter is done when it passes every
 * clause. Ids never change their meaning.
 */
export const httpClauses: readonly HttpClause[] = [
  ...cookieClauses,
  ...responseClauses,
  ...csrfClauses,
  ...corsClauses,
  ...transportClauses,
  ...dialectClauses,
  ...pageClauses,
  ...pathClauses,
  ...demandClauses,
  ...claimsClauses,
  ...stepUpClauses,
  ...actorClauses,
  ...cacheClauses,
  ...hostileClauses,
];
