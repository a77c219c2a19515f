/** What a request to the console asks for. */
import { parseSessionCursor } from "../../../protocol.ts";
import { fromUserKey, toUserKey, type UserId } from "../../session/user-id.ts";
import { appPaths } from "../base-path.ts";
import { type HttpExchange, pathOf } from "../exchange/exchange.ts";

/** The parts of the console, by their paths below its own. */
export const RESOURCES = { page: "", style: "/console.css", script: "/console.js" } as const;
export type Resource = keyof typeof RESOURCES;

/** How a user id is typed into the search. */
export const ID_TYPES = ["text", "number", "JSON"] as const;
export type IdType = (typeof ID_TYPES)[number];

/** The user whose sessions are wanted. */
export type Search =
  | { readonly kind: "none" }
  | { readonly kind: "user"; readonly userId: UserId }
  | { readonly kind: "wrong"; readonly typed: string; readonly type: IdType; readonly why: string };

/** The changes, by their names in `?do=`. */
export const CHANGES = ["revoke", "revoke-all", "rotate-key"] as const;
export type Change = (typeof CHANGES)[number];

/** What the query of a request says. */
export interface Asked {
  readonly search: Search;
  readonly change: Change | undefined;
  readonly handle: string;
  /** The cursor of a page of the list. */
  readonly after: string | undefined;
  /** Whether a change was not made because the operator's session had to be refreshed first. */
  readonly isRetry: boolean;
}

/** @returns the part of the console that a path leads to; undefined if it leads elsewhere */
export function findResource(exchange: HttpExchange, path: string, basePath: string): Resource | undefined {
  for (const one of appPaths(pathOf(exchange), basePath)) {
    if (!one.startsWith(path)) continue;
    const rest = one.slice(path.length);
    for (const name of Object.keys(RESOURCES) as Resource[]) if (rest === RESOURCES[name]) return name;
  }
  return undefined;
}

export function readAsked(exchange: HttpExchange): Asked {
  const query = new URLSearchParams(exchange.url.slice(pathOf(exchange).length));
  const after = query.get("after") ?? undefined;
  return {
    search: readSearch(query),
    change: CHANGES.find((name) => name === query.get("do")),
    handle: query.get("handle") ?? "",
    after: after === undefined || parseSessionCursor(after) === undefined ? undefined : after,
    isRetry: query.has("retry"),
  };
}

/** `?user=` is the id as JSON; the form sends what was typed as `?id=`, and its type. */
function readSearch(query: URLSearchParams): Search {
  const key = query.get("user");
  const typed = key ?? query.get("id") ?? "";
  if (typed === "") return { kind: "none" };
  const type = key === null ? (ID_TYPES.find((one) => one === query.get("type")) ?? "text") : "JSON";
  try {
    const userId = toUserId(typed, type);
    // Refuses what cannot be an id.
    toUserKey(userId);
    return { kind: "user", userId };
  } catch {
    return { kind: "wrong", typed, type, why: WHY[type] };
  }
}

const WHY: Readonly<Record<IdType, string>> = {
  text: "A user id has at most 256 characters.",
  number: "This is not a number.",
  JSON: 'This is not a user id in JSON: write "a text" of at most 256 characters, or a number.',
};

function toUserId(typed: string, type: IdType): UserId {
  switch (type) {
    case "text":
      return typed;
    case "number":
      // Number("") and Number(" ") are 0.
      return typed.trim() === "" ? Number.NaN : Number(typed);
    case "JSON":
      return fromUserKey(typed);
  }
}
