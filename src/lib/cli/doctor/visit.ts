/** Requests as a browser would send them, without a session. */
import { request as askPlain, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from "node:http";
import { request as askSecurely } from "node:https";
import { quote } from "../../notices.ts";

export interface Asked {
  readonly method: string;
  /** Path and query in the browser. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Seen {
  readonly status: number;
  /** By lower-case name. Repeated ones are joined by a comma. */
  readonly headers: IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  /** `message` of a body that is JSON. */
  readonly message: string | undefined;
  /** The body, if it is JSON. */
  readonly json: unknown;
}

export interface Visit {
  readonly origin: string;
  /** The path of the address, without a slash at its end; empty for the root. */
  readonly basePath: string;
  /** @throws Error of the network */
  readonly ask: (asked: Asked) => Promise<Seen>;
}

/** How long one response may take, in ms. */
const PATIENCE = 10_000;

/** The most bytes of a body that are read. */
const MOST_BODY = 65_536;

/** The most bytes of all headers of a response. */
const MOST_HEADERS = 65_536;

/** Where to connect, in place of the host and port of the address. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export function openVisit(address: URL, place?: Place): Visit {
  const { origin, host, hostname } = address;
  return {
    origin,
    basePath: address.pathname.replace(/\/+$/, ""),
    ask: ({ method, path, headers = {} }) =>
      new Promise((resolve, reject) => {
        const options: RequestOptions = {
          method,
          headers: { host, "user-agent": "counterfoil-doctor", accept: "application/json", ...headers },
          // Each request has a connection of its own, so a balancer may choose another process.
          agent: false,
          maxHeaderSize: MOST_HEADERS,
          ...(place === undefined ? {} : { hostname: place.host, port: place.port, servername: hostname }),
        };
        // Joined, because a path that begins with two slashes would be another host.
        const request = (address.protocol === "https:" ? askSecurely : askPlain)(new URL(origin + path), options);
        const timer = setTimeout(() => request.destroy(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE);
        request.on("close", () => clearTimeout(timer));
        request.on("error", reject);
        request.on("upgrade", (_, socket) => {
          socket.destroy();
          reject(new Error("101, which nobody has asked for"));
        });
        request.on("response", (response) => void readAll(response).then(resolve, reject));
        request.end();
      }),
  };
}

/** A body that is longer is cut off, and then it is no JSON of ours. */
async function readAll(response: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_BODY) break;
  }
  const json = parse(Buffer.concat(chunks).toString("utf8"));
  const message: unknown = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    setCookies: response.headers["set-cookie"] ?? [],
    message: typeof message === "string" ? message : undefined,
    json,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A response of this kind comes from something that has not looked at the request. */
export const isOverloaded = ({ status }: Seen): boolean => [429, 502, 503, 504].includes(status);

/** A header as one text; empty if there is none. */
export const headerOf = ({ headers }: Seen, name: string): string => String(headers[name] ?? "");

/** Whether a list header has a member. */
export const hasMember = (seen: Seen, name: string, member: string): boolean =>
  headerOf(seen, name)
    .toLowerCase()
    .split(",")
    .some((each) => each.trim() === member.toLowerCase());

/** The status and the message, for a sentence. */
export const describeSeen = ({ status, message }: Seen): string =>
  message === undefined ? String(status) : `${status} ${quote(message)}`;
