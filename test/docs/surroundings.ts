/** What the app has around an example, by the names that examples use. */
type Declarations = Readonly<Record<string, string>>;

const app = (type: string): Declarations => ({ app: `declare const app: ${type};` });
const parameters = (types: Readonly<Record<string, string>>): Declarations =>
  Object.fromEntries(Object.entries(types).map(([name, type]) => [name, `declare const ${name}: ${type};`]));

const NODE = {
  req: 'import("node:http").IncomingMessage',
  res: 'import("node:http").ServerResponse',
};

export const SURROUNDINGS: {
  readonly any: Declarations;
  /** Stronger than `any`. */
  readonly of: Readonly<Record<string, Declarations>>;
} = {
  any: {
    sessions:
      'declare const sessions: import("counterfoil").Sessions<{ role: string }, { items: number }, string | number>;',
    user: "declare const user: { readonly id: string; readonly role: string };",
    err: "declare const err: unknown;",
    alertSecurityTeam: "declare function alertSecurityTeam(userId: string | number, device: object): void;",
    ...parameters({
      handle: "string",
      accessToken: "string",
      antiCsrfToken: "string | undefined",
      refreshToken: "string",
    }),
  },
  of: {
    counterfoil: parameters({ request: "{ readonly cookies: Readonly<Record<string, string>> }" }),
    "counterfoil/express": app('import("express").Express'),
    "counterfoil/fastify": {
      ...app('import("fastify").FastifyInstance'),
      ...parameters({ request: 'import("fastify").FastifyRequest', reply: 'import("fastify").FastifyReply' }),
    },
    "counterfoil/hono": { ...app('import("hono").Hono'), ...parameters({ c: 'import("hono").Context' }) },
    "counterfoil/koa": {
      ...app('import("koa")'),
      ...parameters({
        ctx: 'import("koa").Context',
        router: '{ post(path: string, ...middleware: import("koa").Middleware[]): void }',
      }),
    },
    "counterfoil/nest": {
      Module: 'import { Module } from "@nestjs/common";',
      RequestSession: 'import type { RequestSession } from "counterfoil/nest";',
      ...parameters(NODE),
    },
    "counterfoil/node": { createServer: 'import { createServer } from "node:http";', ...parameters(NODE) },
    "counterfoil/web": parameters({ request: "Request" }),
    "counterfoil/websocket": {
      app: 'declare const app: import("express").Express;',
      sessionOf: 'import { sessionOf } from "counterfoil/express";',
      verifySession: 'import { verifySession } from "counterfoil/express";',
      server: 'declare const server: import("node:http").Server;',
      sockets: 'declare const sockets: import("ws").WebSocketServer;',
      ws: 'declare const ws: import("ws").WebSocket;',
      session: 'declare const session: import("counterfoil").Session;',
      welcome: 'declare function welcome(ws: import("ws").WebSocket, session: import("counterfoil").Session): void;',
    },
    "counterfoil/browser": parameters({ form: "HTMLFormElement" }),
    "counterfoil/xhr": parameters({ photo: "Blob" }),
    "counterfoil/react": {
      createRoot: 'import { createRoot } from "react-dom/client";',
      createSessionClient: 'import { createSessionClient } from "counterfoil/browser";',
      App: 'declare function App(): import("react").ReactNode;',
      SignInForm: 'declare function SignInForm(): import("react").ReactNode;',
      ...parameters({ queryClient: "{ clear(): void }" }),
    },
  },
};
