/** What does not compile in an app that has said what its claims, data and user ids are. */
import { createNewSession, createSessions, init, updateJwtPayload } from "counterfoil";
import * as inExpress from "counterfoil/express";
import type { RequestSession } from "counterfoil/express";
import * as onSockets from "counterfoil/websocket";
import type { IncomingMessage, ServerResponse } from "node:http";

interface Claims {
  role: "admin" | "member";
}
interface Data {
  cart: number;
}

declare const own: RequestSession<Claims, Data, string>;
declare const request: IncomingMessage;
declare const response: ServerResponse;

/** The seven lines that once compiled. */
export async function misuse(): Promise<unknown> {
  // @ts-expect-error other claims and data
  const other: RequestSession<{ banana: number }, string> = own;
  // @ts-expect-error claims are no number
  const n: number = own.getJWTPayload();
  // @ts-expect-error a typo would be signed into the token
  await own.updateJwtPayload({ rolle: "admin" });
  // @ts-expect-error claims are no number
  await own.updateJwtPayload(42);
  // @ts-expect-error data are no text
  await own.updateSessionData("not a cart");
  // @ts-expect-error data are no text
  const data: string = await own.getSessionData();
  // @ts-expect-error claims are no text
  await own.updateJwtPayload((old: string) => old.toUpperCase());
  return [other, n, data];
}

/** No method takes another type than the session's. */
export async function assertions(): Promise<void> {
  // @ts-expect-error no type parameter that asserts
  own.getJWTPayload<{ banana: number }>();
  // @ts-expect-error no type parameter that asserts
  await own.getSessionData<string>();
  // @ts-expect-error a user id is a string here
  const id: number = own.getUserId();
  void id;
}

export async function use(): Promise<void> {
  // A session whose types are not known takes any.
  const any: RequestSession = own;
  const unknownClaims: unknown = any.getJWTPayload();
  const { role } = own.getJWTPayload();
  await own.updateJwtPayload({ role: "member" });
  await own.updateJwtPayload((old) => ({ role: old.role }));
  const { cart } = await own.updateSessionData(async (old) => ({ cart: old.cart + 1 }));
  void [unknownClaims, role satisfies string, cart satisfies number, own.getUserId() satisfies string];
}

export async function instances(): Promise<void> {
  const sessions = createSessions<Claims, Data, string>();
  const made = await init<Claims>();
  await sessions.createNewSession("alice", { role: "admin" }, { cart: 0 });
  // Data may be left out where `{}` will do for them.
  const { session } = await made.createNewSession(7, { role: "admin" });
  void (session.jwtPayload.role satisfies string);
  // @ts-expect-error a typo
  await sessions.createNewSession("alice", { rolle: "admin" }, { cart: 0 });
  // @ts-expect-error the claims that the type demands are left out
  await made.createNewSession("alice");
  // @ts-expect-error the data that the type demands are left out
  await sessions.createNewSession("alice", { role: "admin" });
  // @ts-expect-error a user id is a string here
  await sessions.createNewSession(7, { role: "admin" }, { cart: 0 });
  // @ts-expect-error a user id is a string here
  await sessions.revokeAllSessionsForUser(7);
  const [first] = await sessions.getSessionsForUser("alice");
  void (first?.userId satisfies string | undefined);
  sessions.on("session-created", ({ userId }) => userId.toUpperCase());
  const verified = await sessions.getSession("token", "anti-csrf");
  void [verified.session.userId satisfies string, verified.session.jwtPayload.role satisfies string];
}

/** The functions of the default instance know no types. */
export async function rootFunctions(): Promise<void> {
  const { session } = await createNewSession("alice", { role: "admin" });
  // @ts-expect-error claims are unknown
  void session.jwtPayload.role;
  // @ts-expect-error no type parameter that asserts
  await updateJwtPayload<Claims>("handle", { role: "admin" });
}

export async function boundFunctions(): Promise<void> {
  const sessions = createSessions<Claims, Data, string>();
  const {
    createNewSession: signIn,
    findSession,
    getSession,
    sessionOf,
    verifySession,
  } = inExpress.sessionsFor(sessions);
  const details = { jwtPayload: { role: "admin" }, sessionData: { cart: 0 } } as const;
  const started = await signIn(request, response, "alice", details);
  void (started.getJWTPayload().role satisfies string);
  // @ts-expect-error a typo
  await signIn(request, response, "alice", { jwtPayload: { rolle: "admin" }, sessionData: { cart: 0 } });
  // @ts-expect-error the claims and data that the types demand are left out
  await signIn(request, response, "alice");
  // @ts-expect-error the data that the type demands are left out
  await signIn(request, response, "alice", { jwtPayload: { role: "admin" } });
  // @ts-expect-error a user id is a string here
  await signIn(request, response, 7, details);
  void (sessionOf(request).getUserId() satisfies string);
  void (sessionOf(request).getJWTPayload().role satisfies string);
  // @ts-expect-error there may be none
  findSession(request).getUserId();
  (await getSession(request, response, { maxAuthAge: "10m" })).getUserId();
  // @ts-expect-error there may be none
  (await getSession(request, response, { sessionRequired: false })).getUserId();
  // As the environment has it; at run time an unset variable is refused with words.
  verifySession({ maxAuthAge: process.env["MAX_AGE"] ?? "10m" });
  createSessions({
    session: { idleTimeout: process.env["IDLE"] },
    rotation: { window: process.env["WINDOW"] ?? "5s" },
  });
  // @ts-expect-error a number of what
  verifySession({ maxAuthAge: 600 });
  // @ts-expect-error there is no such option
  verifySession({ sessionsRequired: false });
  // @ts-expect-error the instance is bound
  verifySession({ sessions });
  const sockets = onSockets.sessionsFor(sessions);
  void ((await sockets.getUpgradeSession(request)).jwtPayload.role satisfies string);
}

/** Without a binding, what is given must still fit the instance that is named. */
export async function unboundFunctions(): Promise<void> {
  const sessions = createSessions<Claims, Data, string>();
  const details = { sessions, sessionData: { cart: 0 } };
  await inExpress.createNewSession(request, response, "alice", { ...details, jwtPayload: { role: "admin" } });
  // @ts-expect-error a typo
  await inExpress.createNewSession(request, response, "alice", { ...details, jwtPayload: { rolle: "admin" } });
  // @ts-expect-error a user id is a string here
  await inExpress.createNewSession(request, response, 7, { ...details, jwtPayload: { role: "admin" } });
  // @ts-expect-error claims are unknown
  void inExpress.sessionOf(request, { sessions }).getJWTPayload().role;
  // @ts-expect-error no type parameter that asserts
  await inExpress.getSession<Claims>(request, response);
  const signedIn = await inExpress.createNewSession<Claims>(request, response, "alice");
  // @ts-expect-error claims are unknown, whatever is written
  void signedIn.getJWTPayload().role;
}
