/** The addresses of the console, as the browser sees them. */
import { toUserKey, type UserId } from "../../session/user-id.ts";
import { RESOURCES, type Change } from "./console-request.ts";

export interface Links {
  /** The address of the page, without a query. */
  readonly page: string;
  readonly style: string;
  readonly script: string;
  /** The sessions of a user, or a later page of them. */
  readonly user: (userId: UserId, after?: string) => string;
  /** Where the form of a change is sent. The page of the same user is the response. */
  readonly change: (change: Change, userId?: UserId, handle?: string) => string;
  /** The page after a refresh, which asks for the change again. */
  readonly retry: (userId: UserId | undefined) => string;
}

/** @param page with the base path */
export function createLinks(page: string): Links {
  const link = (query: Readonly<Record<string, string | undefined>>): string => {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return `${page}?${new URLSearchParams(given).toString()}`;
  };
  // JSON escapes lone surrogates, which no URL can have.
  const key = (userId: UserId | undefined): string | undefined =>
    userId === undefined ? undefined : toUserKey(userId);
  return {
    page,
    style: page + RESOURCES.style,
    script: page + RESOURCES.script,
    user: (userId, after) => link({ user: key(userId), after }),
    change: (name, userId, handle) => link({ user: key(userId), do: name, handle }),
    retry: (userId) => link({ user: key(userId), retry: "1" }),
  };
}
