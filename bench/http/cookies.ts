/** The least that reads a cookie, for peers that leave this to the app. */
export function findCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split("; ")) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return undefined;
}
