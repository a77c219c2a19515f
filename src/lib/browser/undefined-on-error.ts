/** For actions that a browser may refuse, because the user blocks them or there is no page. */
export function undefinedOnError<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
