/**
 * Runs callers with the same name one after another in this process. Different names run in
 * parallel.
 *
 * @returns a promise that resolves when the caller may run, to a function that ends its run
 */
export type OneAtATime = (name: string) => Promise<() => void>;

export function createOneAtATime(): OneAtATime {
  const last = new Map<string, Promise<void>>();
  return async (name) => {
    const before = last.get(name);
    let end = (): void => undefined;
    const mine = new Promise<void>((resolve) => (end = resolve));
    last.set(name, mine);
    await before;
    return () => {
      if (last.get(name) === mine) last.delete(name);
      end();
    };
  };
}
