/** What a browser may refuse to do, since its user has blocked it, or there is no page. */
export function undefinedOnError<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
