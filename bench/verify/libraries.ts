import type { Library, LibraryName, VerifyOrder } from "./library.ts";

/** Each process loads the one that it measures, and nothing of the others. */
const LOAD: Readonly<Record<LibraryName, (order: VerifyOrder) => Promise<Library<unknown>>>> = {
  counterfoil: async (order) => (await import("./libraries/counterfoil.ts")).createCounterfoil(order),
  floor: async (order) => (await import("./libraries/floor.ts")).createFloor(order),
  "floor-first-sight": async (order) => (await import("./libraries/floor-first-sight.ts")).createFirstSightFloor(order),
  original: async (order) => (await import("./libraries/original.ts")).createOriginal(order),
  jose: async (order) => (await import("./libraries/jose.ts")).createJose(order),
  "fast-jwt": async (order) => (await import("./libraries/fast-jwt.ts")).createFastJwt(order),
  jsonwebtoken: async (order) => (await import("./libraries/jsonwebtoken.ts")).createJsonWebToken(order),
  "iron-session": async (order) => (await import("./libraries/iron-session.ts")).createIronSession(order),
  "secure-session": async (order) => (await import("./libraries/secure-session.ts")).createSecureSession(order),
};

/**
 * @throws when the library does not do what its figures are about: let its users through, and
 * refuse altered tokens
 */
export async function loadLibrary(order: VerifyOrder): Promise<Library<unknown>> {
  const library = await LOAD[order.library](order);
  const { credentials } = library;
  for (const { user, token, antiCsrf } of [...credentials.slice(0, 2), ...credentials.slice(-1)]) {
    const verified = await library.verify(token, antiCsrf);
    if (verified === undefined || verified === null || library.userOf(verified) !== user)
      throw new Error(`${order.library} does not let ${user} through`);
    if (await isAccepted(library, alter(token), antiCsrf)) throw new Error(`${order.library} accepts an altered token`);
    if (order.antiCsrf && (await isAccepted(library, token, alter(antiCsrf))))
      throw new Error(`${order.library} accepts an altered anti-CSRF token`);
  }
  return library;
}

async function isAccepted(library: Library<unknown>, token: string, antiCsrf: string): Promise<boolean> {
  try {
    const verified = await library.verify(token, antiCsrf);
    return verified !== undefined && verified !== null;
  } catch {
    return false;
  }
}

/** In the middle, where no bit is unused. */
function alter(text: string): string {
  const middle = Math.floor(text.length / 2);
  return `${text.slice(0, middle)}${text[middle] === "A" ? "B" : "A"}${text.slice(middle + 1)}`;
}
