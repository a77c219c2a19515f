import { Socket } from "node:net";

/**
 * Counts how often this process writes to a socket after it has read, which is once a round trip
 * where one operation runs at a time.
 *
 * @returns the number so far
 */
export function watchRoundTrips(): () => number {
  let trips = 0;
  let isWaiting = false;
  watch("write", () => {
    if (!isWaiting) trips += 1;
    isWaiting = true;
  });
  watch("push", () => {
    isWaiting = false;
  });
  return () => trips;
}

function watch(method: "write" | "push", tell: () => void): void {
  const call = Reflect.get(Socket.prototype, method) as (...given: unknown[]) => boolean;
  Reflect.set(Socket.prototype, method, function (this: Socket, ...given: unknown[]): boolean {
    tell();
    return Reflect.apply(call, this, given);
  });
}
