/**
 * Sign-ins, changes and endings of sessions, as many as the database takes, while somebody kills
 * it or the process. Nothing of vitest is in here, since child processes run it, too.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Error as AuthError, type CounterfoilConfig, type Sessions } from "counterfoil";

/** Sessions end by this limit, too. */
export const ENDING: CounterfoilConfig = { audit: { retention: "90d" }, session: { maxPerUser: 2 } };

export const USERS: readonly string[] = Array.from({ length: 6 }, (_, index) => `user ${index}`);
const WORKERS = 8;

/** What was answered: the sign-in of a session, or that a call has ended it. */
export interface Answer {
  readonly handle: string;
  readonly is: "begun" | "ended";
}

export async function endSessions(
  sessions: Sessions,
  answered: (answer: Answer) => void,
  isOver: () => boolean,
): Promise<void> {
  async function turnOf(worker: number, turn: number): Promise<void> {
    const user = USERS[(worker + turn) % USERS.length] ?? "";
    const { handle } = (await sessions.createNewSession(user, { turn })).session;
    answered({ handle, is: "begun" });
    const way = (worker + turn) % 4;
    if (way === 0 && (await sessions.revokeSessionUsingSessionHandle(handle))) answered({ handle, is: "ended" });
    if (way === 1) await sessions.revokeAllSessionsForUser(user);
    if (way === 2) await sessions.updateJwtPayload(handle, { turn, changed: true });
  }

  async function work(worker: number): Promise<void> {
    for (let turn = 0; !isOver(); turn += 1) {
      try {
        await turnOf(worker, turn);
      } catch (error) {
        if (!AuthError.isErrorFromAuth(error)) throw error;
        // Others end sessions as well, and the database is away for a while.
        const isExpected = ["SESSION_NOT_FOUND", "STORE_UNAVAILABLE", "STORE_BUSY", "STORE_CONTENDED"];
        if (!isExpected.includes(error.code)) throw error;
        if (error.errType === AuthError.GENERAL_ERROR) await pause(20);
      }
    }
  }

  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
}
