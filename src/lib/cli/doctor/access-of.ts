import type { SessionStore } from "../../session/session-store.ts";
import type { Lending, StoreAccess } from "../../store/store-access.ts";

/** @returns undefined for a store that others have written */
export const accessOf = (store: SessionStore): StoreAccess | undefined =>
  (store as SessionStore & Partial<Lending>).access;
