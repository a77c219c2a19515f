import type { SessionStore } from "../store/session-store.ts";

/** The part of the store port that the key ring uses. */
export type KeyStore = Pick<SessionStore, "listKeys" | "insertKey" | "rewrapKey" | "deleteKey">;
