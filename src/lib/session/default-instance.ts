import { generalError, type SessionError } from "../errors.ts";
import type { Sessions } from "./sessions.ts";

let instance: Sessions | undefined;

/** Replaces the default instance. @returns the previous one */
export function setDefaultInstance(sessions: Sessions): Sessions | undefined {
  const before = instance;
  instance = sessions;
  return before;
}

/** The instance that `init` made. @throws SessionError `NOT_INITIALISED` */
export function getDefaultInstance(): Sessions {
  if (instance !== undefined) return instance;
  throw notInitialised("call the function of this name on what createSessions returned");
}

export const findDefaultInstance = (): Sessions | undefined => instance;

/** @param otherwise what to do in an app that uses `createSessions` */
export const notInitialised = (otherwise: string): SessionError =>
  generalError(
    "NOT_INITIALISED",
    `init has not been called; write await init({ ... }) once before the server listens, or ${otherwise}`,
  );
