/**
 * Lets those who ask under one name go one after another, in this process; those with different
 * names go side by side.
 *
 * @returns resolves when it is the caller's time, to what ends it
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
