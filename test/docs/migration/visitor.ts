/**
 * A browser's cookies, and the two ways in which pages call: as before the move, and as
 * `session.js` does.
 */
import { createBrowserJar } from "../../http/browser-jar.ts";
import { type RawResponse, send } from "../../http/send.ts";
import type { App } from "./stage.ts";

export interface Call {
  readonly method?: "GET" | "POST";
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Visitor {
  /** One request, as a page sends it that knows nothing of Counterfoil. */
  call(app: App, path: string, call?: Call): Promise<RawResponse>;
  /** A request whose answer gets lost on the way. */
  lose(app: App, path: string, call?: Call): Promise<RawResponse>;
  /** A newly loaded page that calls as `session.js` does. */
  openPage(): Page;
  /** Whether there is a cookie of this name, `__Host-` or not. */
  has(cookie: string): boolean;
  /** The value of a cookie as the path gets it. */
  cookie(name: string, path?: string): string | undefined;
  /** Drops the access token, as it goes when it expires. */
  forgetAccessToken(domain?: string): void;
  /** A second browser with the same cookies. */
  copy(): Visitor;
}

export interface Page {
  /** A request, refreshed and repeated if the answer asks for it. */
  api(app: App, path: string, call?: Call): Promise<RawResponse>;
  refresh(app: App, call?: Call): Promise<RawResponse>;
}

const REFRESH = "/session/refresh";
const spellings = (name: string): readonly string[] => [name, `__Host-${name}`];
const NOTHING: RawResponse = {
  status: 0,
  headers: [],
  text: "",
  all: () => [],
  header: () => undefined,
  cookies: [],
  json: () => undefined,
};
const EPOCH = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/** @param cookies `Set-Cookie` lines that it has got already */
export function createVisitor(host = "127.0.0.1", cookies: readonly string[] = []): Visitor {
  const jar = createBrowserJar(host);
  const taken: string[] = [];

  function take(lines: readonly string[]): void {
    taken.push(...lines);
    // The jar knows of Max-Age only; the libraries before send Expires.
    jar.take({ ...NOTHING, cookies: lines.map((line) => line.replace(EPOCH, "Max-Age=0")) });
  }
  take(cookies);

  const lose: Visitor["lose"] = (app, path, { method = "GET", body, headers = {} } = {}) => {
    const cookie = jar.header(path);
    return send(app.port, {
      method,
      path,
      headers: {
        ...(cookie === "" ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };

  const call: Visitor["call"] = async (app, path, options) => {
    const answer = await lose(app, path, options);
    take(answer.cookies);
    const location = answer.header("location");
    return answer.status === 307 && location !== undefined ? call(app, location, options) : answer;
  };

  function openPage(): Page {
    let antiCsrf = "";
    let refreshing: Promise<RawResponse> | undefined;
    const remember = (answer: RawResponse): RawResponse => {
      antiCsrf = answer.header("anti-csrf") ?? antiCsrf;
      return answer;
    };
    const refresh: Page["refresh"] = async (app, options) =>
      remember(await call(app, REFRESH, { method: "POST", ...options }));
    return {
      refresh,
      async api(app, path, options = {}) {
        const once = async (): Promise<RawResponse> =>
          remember(await call(app, path, { ...options, headers: { ...options.headers, "anti-csrf": antiCsrf } }));
        const answer = await once();
        if (answer.status !== 401 || !answer.text.includes("try refresh token")) return answer;
        refreshing ??= refresh(app).finally(() => (refreshing = undefined));
        const refreshed = await refreshing;
        return refreshed.status === 200 ? once() : refreshed;
      },
    };
  }

  const cookie: Visitor["cookie"] = (name, path = "/") =>
    jar
      .header(path)
      .split("; ")
      .find((pair) => spellings(name).some((spelling) => pair.startsWith(`${spelling}=`)))
      ?.replace(/^[^=]*=/, "");

  return {
    call,
    lose,
    openPage,
    cookie,
    has: (name) => spellings(name).some((spelling) => jar.count(spelling) > 0),
    forgetAccessToken: (domain) => {
      const scope = domain === undefined ? "" : `; Domain=${domain}`;
      take(spellings("sAccessToken").map((name) => `${name}=; Max-Age=0; Path=/${scope}`));
    },
    copy: () => createVisitor(host, taken),
  };
}

/** Status and body of an answer, to be compared with one look. */
export const seen = (answer: RawResponse): readonly [number, unknown] => [answer.status, answer.json()];

export const post = (body: object = {}) => ({ method: "POST", body }) as const;
export const credentials = (name: string) => post({ name, password: "open sesame" });
