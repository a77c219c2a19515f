/** What the server and the page agree on. These are types only, so the bundle has none of it. */

export type Role = "admin" | "member";

/** What each session carries in its access token. */
export interface Claims {
  readonly role: Role;
}

export interface User {
  readonly name: string;
  readonly role: Role;
}

export interface Note {
  readonly id: number;
  readonly by: string;
  readonly text: string;
}

/** Each route, with the body that it takes and the answer that it gives. */
export interface Api {
  "POST /api/login": { body: { name: string; password: string }; answer: User };
  "POST /session/refresh/again": { body: { password: string }; answer: User };
  "GET /api/notes": { body: undefined; answer: readonly Note[] };
  "POST /api/notes": { body: { text: string }; answer: Note };
  "POST /api/password": { body: { password: string }; answer: { endedSessions: number } };
  "GET /api/users": { body: undefined; answer: readonly User[] };
}

export type Route = keyof Api;
export type Body<R extends Route> = Api[R]["body"];
export type Answer<R extends Route> = Api[R]["answer"];
