import { generalError } from "../errors.ts";
import type { SessionRecord } from "./record.ts";
import { fromUserKey, type UserId } from "./user-id.ts";

/**
 * Who acts for the user of a session, for instance an employee of the support (RFC 8693 4.1).
 */
export interface Actor<Id extends UserId = UserId> {
  /** The actor's own user id. */
  readonly userId: Id;
  /** The actor's own session. The session in which the actor acts for the user ends with it. */
  readonly handle: string;
}

type ActorColumns = Pick<SessionRecord, "actorKey" | "actorHandle">;

/** @returns undefined if the user acts */
export const actorOf = ({ actorKey, actorHandle }: ActorColumns): Actor | undefined =>
  actorKey === null || actorHandle === null ? undefined : { userId: fromUserKey(actorKey), handle: actorHandle };

/** The field `actor` of a session or an event, which is absent if the user acts. */
export const actorField = (row: ActorColumns): { readonly actor?: Actor } => withActor(actorOf(row));

export const withActor = (actor: Actor | undefined): { readonly actor?: Actor } =>
  actor === undefined ? {} : { actor };

export const actorRefused = (detail: string): Error => generalError("ACTOR_REFUSED", detail);
