/**
 * What the benchmarks call of peers. `express-mysql-session` ships no declarations; with those of
 * the others, the static checks would need an install of what only a measurement needs.
 */
declare module "express-mysql-session" {
  import type session from "express-session";

  class MySQLStore extends session.Store {
    constructor(options: Readonly<Record<string, string | number>>);
    onReady(): Promise<void>;
    get: session.Store["get"];
    set: session.Store["set"];
    destroy: session.Store["destroy"];
  }
  const createStore: (from: typeof session) => typeof MySQLStore;
  export = createStore;
}

declare module "iron-session" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export function sealData(
    data: unknown,
    options: { readonly password: string; readonly ttl?: number },
  ): Promise<string>;
  export function unsealData<T>(
    seal: string,
    options: { readonly password: string; readonly ttl?: number },
  ): Promise<Partial<T>>;
  export function getIronSession<T extends object>(
    request: IncomingMessage,
    response: ServerResponse,
    options: {
      readonly password: string;
      readonly cookieName: string;
      readonly cookieOptions: { readonly secure: boolean };
    },
  ): Promise<Partial<T> & { save(): Promise<void> }>;
}

declare module "@fastify/secure-session" {
  import type { FastifyInstance } from "fastify";

  namespace secureSession {
    interface Session {
      get(key: string): unknown;
      set(key: string, value: unknown): void;
    }
    interface Options {
      readonly key: Buffer;
      readonly expiry?: number;
      readonly cookie?: { readonly path: string; readonly httpOnly: boolean; readonly secure: boolean };
    }
    /** What it adds to an app. */
    interface App {
      createSecureSession(data: Readonly<Record<string, unknown>>): Session;
      encodeSecureSession(session: Session): string;
      decodeSecureSession(cookie: string): Session | null;
    }
  }
  function secureSession(app: FastifyInstance, options: secureSession.Options, done: () => void): void;
  export = secureSession;
}
