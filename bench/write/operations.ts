import { randomUUID } from "node:crypto";

export const OPERATIONS = ["create", "refresh", "confirm", "cycle", "revoke", "revoke all"] as const;
export type Operation = (typeof OPERATIONS)[number];

export const CONCURRENCIES = [1, 16, 64] as const;

/** Work that is ready to be done. */
export interface Work {
  /** One operation; lanes run at once, and each does one at a time. False: nothing is left. */
  readonly next: (lane: number) => Promise<boolean>;
}

/** A library with its database. */
export interface Writer {
  /**
   * Undefined where it has no such operation, or hangs. Makes what the operation needs, which is
   * not measured.
   */
  prepare(operation: Operation, lanes: number): Promise<Work | undefined>;
}

/** Sessions that are there to be revoked, in each slice. */
export const REVOCABLE = 1000;
const SESSIONS_OF_A_USER = 2;

/** Makes things, some at a time. */
export async function makeMany<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let from = 0; from < count; from += 10) {
    const some = Array.from({ length: Math.min(10, count - from) }, (_, index) => make(from + index));
    made.push(...(await Promise.all(some)));
  }
  return made;
}

/** Users with sessions to be revoked. */
export async function makeUsers(create: (user: string) => Promise<unknown>): Promise<string[]> {
  const users = Array.from({ length: REVOCABLE / SESSIONS_OF_A_USER }, () => randomUUID() as string);
  await makeMany(REVOCABLE, (index) => create(users[index % users.length] ?? ""));
  return users;
}

/** Without an end. */
export const repeat = (work: () => Promise<unknown>): Work => ({
  async next() {
    await work();
    return true;
  },
});

/** Each once. */
export const consume = <T>(all: T[], use: (one: T) => Promise<unknown>): Work => ({
  async next() {
    const one = all.pop();
    if (one === undefined) return false;
    await use(one);
    return true;
  },
});

/** Each lane has a value of its own, and goes on with what an operation makes of it. */
export const evolve = <T>(lanes: T[], step: (value: T) => Promise<T>): Work => ({
  async next(lane) {
    const value = lanes[lane];
    if (value === undefined) return false;
    lanes[lane] = await step(value);
    return true;
  },
});
