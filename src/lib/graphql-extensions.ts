/** What servers of GraphQL take from an error that a resolver throws. */
import { ERROR_TYPES } from "./error-types.ts";
import { detailsOf, type ErrorFacts } from "./error-response.ts";

/** What an error of this library tells a server of GraphQL. */
export interface GraphqlExtensions {
  /** `UNAUTHENTICATED`, `FORBIDDEN`, `CONFLICT`, `BAD_REQUEST` or `SERVICE_UNAVAILABLE`. */
  readonly code: string;
  /** The status of the response. Servers do not send this part. */
  readonly http: { readonly status: number };
}

const APPS_OWN = 500;

/** @returns undefined for errors that the app has to handle */
export function graphqlExtensionsOf(
  facts: Pick<ErrorFacts, "errType" | "claim"> & { readonly status: number },
): GraphqlExtensions | undefined {
  const { status } = facts;
  return status === APPS_OWN ? undefined : { code: codeOf(facts), http: { status }, ...detailsOf(facts) };
}

function codeOf({ errType, status }: Pick<ErrorFacts, "errType"> & { readonly status: number }): string {
  if (errType === ERROR_TYPES.RETRY) return "CONFLICT";
  if (errType !== ERROR_TYPES.GENERAL_ERROR) return "UNAUTHENTICATED";
  if (status === 403) return "FORBIDDEN";
  return status === 400 ? "BAD_REQUEST" : "SERVICE_UNAVAILABLE";
}
