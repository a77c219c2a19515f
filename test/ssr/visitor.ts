import { createBrowserJar } from "../http/browser-jar.ts";
import { type RawResponse, send, type SentHeaders } from "../http/send.ts";
import type { PageServer } from "./page-server.ts";

/** What browsers send along with a page load, and with a fetch. */
export const HEADERS_OF = {
  page: { accept: "text/html,*/*;q=0.8", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  oldPage: { accept: "text/html,*/*;q=0.8" },
  fetch: { accept: "*/*", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin" },
} as const;

/** A page load: one line for each redirect, `status location`, and the last answer. */
export interface Load extends RawResponse {
  readonly trail: readonly string[];
  readonly answers: readonly RawResponse[];
  /** Path and query in the end. */
  readonly address: string;
}

export interface Visitor {
  readonly signIn: (user: string) => Promise<void>;
  /**
   * Follows redirects as a browser does, which gives up after 20.
   * @param keeps whether it takes cookies
   */
  readonly load: (
    path: string,
    options?: { readonly headers?: SentHeaders; readonly keeps?: boolean },
  ) => Promise<Load>;
  readonly fetch: (path: string, method?: string) => Promise<RawResponse>;
  /** The `Cookie` header for a path. */
  readonly cookies: (path: string) => string;
}

/**
 * @param base the path below which the app is, and a slash follows its paths; empty: at the root
 */
export function createVisitor({ port, origin }: PageServer, base = ""): Visitor {
  const jar = createBrowserJar("localhost");
  const { host } = new URL(origin);

  async function ask(path: string, { method = "GET", headers = {}, keeps = true, body = "" }): Promise<RawResponse> {
    const cookie = jar.header(path.replace(/\?.*/s, ""));
    const type = body === "" ? {} : { "content-type": "application/x-www-form-urlencoded" };
    const sent = { host, ...headers, ...type, ...(cookie === "" ? {} : { cookie }) };
    const answer = await send(port, { method, path, headers: sent, ...(body === "" ? {} : { body }) });
    if (keeps) jar.take(answer);
    return answer;
  }

  return {
    cookies: (path) => jar.header(path),
    fetch: (path, method = "GET") => ask(path, { method, headers: HEADERS_OF.fetch }),
    async load(path, { headers = HEADERS_OF.page, keeps = true } = {}) {
      const answers: RawResponse[] = [];
      let address = path;
      for (;;) {
        const answer = await ask(address, { headers, keeps });
        answers.push(answer);
        const location = answer.header("location");
        if (location === undefined || answers.length > 20) {
          const trail = answers.flatMap((one) => {
            const to = one.header("location");
            return to === undefined ? [] : [`${one.status} ${to.replace(/(session-refreshed=)\d+/, "$1NOW")}`];
          });
          return { ...answer, trail, answers, address };
        }
        const target = new URL(location, origin + address);
        if (target.origin !== origin) throw new Error(`sent to another origin: ${location}`);
        address = target.pathname + target.search;
      }
    },
    async signIn(user) {
      const { status, text } = await ask(base === "" ? "/login" : `${base}/login/`, {
        method: "POST",
        body: `user=${user}`,
      });
      if (status !== 303) throw new Error(`signing in was answered ${status} ${text}`);
    },
  };
}

/** What a page says whose user has to sign in again. */
export const TOO_OLD = /insufficient_user_authentication|Sign in again/;

let users = 0;

/** Somebody who has signed in, by a name of their own, since tests share a server. */
export async function visit(server: PageServer, base = ""): Promise<Visitor & { readonly user: string }> {
  users += 1;
  const user = `user${users}`;
  const visitor = createVisitor(server, base);
  await visitor.signIn(user);
  return { ...visitor, user };
}

/** What a page says, without what frameworks put between. */
export const seen = ({ text }: Pick<RawResponse, "text">): string =>
  /(?:Signed in as|Notes of|Signed out)(?: [a-z]+\d*)?/.exec(text.replaceAll("<!-- -->", ""))?.[0] ??
  text.slice(0, 200);
