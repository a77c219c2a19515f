import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { close, init } from "counterfoil";
import { memory } from "counterfoil/memory";
import { type Handler, sessionsFor } from "counterfoil/node";
import { checkPassword } from "./users.ts";

interface Claims {
  readonly role: "admin" | "member";
}

const sessions = await init<Claims>({
  // Gone when the process ends. An app gives its database, and a secret from its environment.
  store: memory(),
  // Plain http on localhost. An app leaves this out, and says what browsers see: http: {
  // publicOrigin: "https://shop.example" }.
  cookie: { secure: false },
});
// Bound once, so that claims are checked where they are given and known where they are read.
const { createNewSession, getSession, withSessions } = sessionsFor(sessions);

const notes: object[] = [];

const routes: Readonly<Record<string, Handler>> = {
  async "POST /login"(request, response) {
    const userId = await checkPassword(await readJson(request));
    if (userId === undefined) throw refusal(401, "wrong name or password");
    await createNewSession(request, response, userId, { jwtPayload: { role: "member" } });
    send(response, 200, { userId });
  },
  async "GET /me"(request, response) {
    // A request without a session ends here: withSessions answers it.
    const session = await getSession(request, response);
    send(response, 200, { userId: session.getUserId(), claims: session.getJWTPayload() });
  },
  async "POST /notes"(request, response) {
    const session = await getSession(request, response);
    const { text } = await readJson(request);
    if (typeof text !== "string") throw refusal(400, "a note needs a text");
    const note = { by: session.getUserId(), text };
    notes.push(note);
    send(response, 201, note);
  },
};

const answer: Handler = (request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  if (route === undefined) throw refusal(404, "not found");
  return route(request, response);
};

/** Answers what is not an error of the library. */
function onError(error: unknown, _request: IncomingMessage, response: ServerResponse): void {
  const { status = 500, message } = error as { status?: number; message?: string };
  if (status === 500) console.error(error);
  if (response.headersSent) response.destroy();
  else send(response, status, { message: status === 500 ? "internal" : message });
}

const refusal = (status: number, message: string): Error => Object.assign(new Error(message), { status });

type Fields = Readonly<Record<string, unknown>>;

/** The body, if it says how long it is and that is not much. */
async function readJson(request: IncomingMessage): Promise<Fields> {
  if (!(Number(request.headers["content-length"]) <= 10_000)) throw refusal(413, "too large");
  const body = await json(request).catch(() => {
    throw refusal(400, "not JSON");
  });
  return (body ?? {}) as Fields;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer(withSessions(answer, { onError })).listen(Number(process.env["PORT"] ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", () => server.close(() => void close()));
