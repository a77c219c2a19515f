import { onTestFinished } from "vitest";

/** Says how long it took. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  console.log(`${what}: ${Math.round(performance.now() - began)} ms`);
  return result;
}

/** Says how long a start took, and sees that what was started goes. */
export async function started<T extends { remove(): Promise<void> }>(what: string, starting: Promise<T>): Promise<T> {
  const server = await timed(what, () => starting);
  onTestFinished(() => server.remove());
  return server;
}
