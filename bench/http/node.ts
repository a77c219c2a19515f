import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { NOBODY, ROUTE, SIGN_IN, USER_PARAMETER } from "./contenders.ts";

/** What sessions add to the server. */
export interface NodeSessions {
  /** Around the app, as `withSessions` stands. */
  readonly wrap?: (app: NodeApp) => RequestListener;
  readonly signIn?: (request: IncomingMessage, response: ServerResponse, user: string) => Promise<void>;
  /** Undefined, or an error that `wrap` answers: no session. */
  readonly findUser: (request: IncomingMessage, response: ServerResponse) => Promise<string | undefined>;
}

export type NodeApp = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const WITHOUT_SESSIONS: NodeSessions = { findUser: async () => NOBODY };

/** The same server with sessions and without. */
export function createNodeServer(sessions: NodeSessions = WITHOUT_SESSIONS): Promise<Server> {
  const server = createServer(createApp(sessions));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function createApp({ wrap, signIn, findUser }: NodeSessions): RequestListener {
  const app = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "POST" && request.url === ROUTE) {
      const userId = await findUser(request, response);
      if (userId === undefined) answer(response, 401, { message: "unauthorised" });
      else answer(response, 200, { userId });
    } else if (request.method === "POST" && request.url?.startsWith(`${SIGN_IN}?`) === true) {
      const query = new URLSearchParams(request.url.slice(SIGN_IN.length));
      await signIn?.(request, response, query.get(USER_PARAMETER) ?? "");
      answer(response, 200, {});
    } else {
      answer(response, 404, {});
    }
  };
  return wrap === undefined ? (request, response) => void app(request, response) : wrap(app);
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}
