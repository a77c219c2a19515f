import { type ClientSession, createSessionClient, type SessionClient } from "counterfoil/browser";
import { errorHandler, type RequestSession, verifySession, findSession } from "counterfoil/express";
import { type Request, Router } from "express";
import { renderToString } from "react-dom/server";
import { bundleOnce } from "../bundle.ts";
import type { SessionServer } from "../session-server.ts";
import { type Claims, createApp, type Given, NO_RECORDER } from "./counted-app.ts";

/** Asked for in the address of the page. */
export interface PageWishes {
  /** Rendered in the browser only. */
  readonly isBare?: boolean;
  /**
   * Of whom the server tells its page: the user of the request, unless it does not look, or
   * believes something else.
   */
  readonly tells?: "nothing" | "nobody";
  /** Whether the client is told, beside the provider. Default true. */
  readonly isClientTold?: boolean;
  readonly isStrict?: boolean;
  /** Default 1. */
  readonly count?: number;
}

/** As an app has it: one in its module, for all requests and users. */
const client: SessionClient<Claims> = createSessionClient<Claims>();

/** `/react`: a page rendered from the session of its request, which its script hydrates. */
export function addReactPage(server: SessionServer): SessionServer {
  const { sessions } = server;
  const router = Router();
  router.get("/react.js", async (_req, res) => void res.type("js").send(await readScript()));
  router.get("/react", verifySession({ page: true, sessionRequired: false, sessions }), async (req, res) => {
    // A script that cannot be bundled is an answer 500, and not a page where nothing works.
    await readScript();
    const wishes = wishesOf(req);
    const given = giveTo(wishes, findSession(req));
    const html = wishes.isBare === true ? "" : renderToString(createApp(client, given, NO_RECORDER));
    res.type("html").send(pageWith(html, given));
  });
  router.use(errorHandler({ sessions }));
  for (const path of ["/react", "/react.js"]) Object.assign(server.at(`GET ${path}`), { handle: router });
  return server;
}

const wishesOf = (req: Request): PageWishes => JSON.parse((req.query["wishes"] as string | undefined) ?? "{}");

function giveTo({ tells, isClientTold = true, isStrict = false, count = 1 }: PageWishes, auth?: RequestSession): Given {
  const session = tells === "nobody" || auth === undefined ? null : toClientSession(auth);
  return { session: tells === "nothing" ? undefined : session, isClientTold, isStrict, count };
}

const toClientSession = (auth: RequestSession): ClientSession => ({
  userId: auth.getUserId(),
  claims: auth.getJWTPayload(),
  handle: auth.getHandle(),
});

const toScript = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** Runs before there is anything to see. */
function watch(): void {
  const texts: string[] = [];
  const problems: string[] = [];
  let last: string | undefined;
  const see = (text: string | null | undefined): void => {
    if (text && text !== last) texts.push(text);
    last = text ?? last;
  };
  const show = (): void => see(document.querySelector("#root > p")?.textContent);
  new MutationObserver((records) => {
    // What was there for so short a time that it is gone again.
    for (const { type, oldValue, target } of records)
      if (type === "characterData" && target.parentElement?.matches("#root > p:first-of-type")) see(oldValue);
    show();
  }).observe(document, { subtree: true, childList: true, characterData: true, characterDataOldValue: true });
  const complain = (...what: unknown[]): void => void problems.push(what.map(String).join(" "));
  console.error = complain;
  console.warn = complain;
  addEventListener("error", ({ message }) => complain(message));
  addEventListener("unhandledrejection", ({ reason }) => complain(reason));
  Object.assign(globalThis, { watched: { texts, problems } });
}

const pageWith = (html: string, given: Given): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>react</title><script>(${watch.toString()})();</script>` +
  `<div id="root">${html}</div><script>var given = ${toScript(given)};</script><script src="/react.js"></script></html>`;

/** With React's development build, which says what does not match. */
const readScript = (): Promise<string> =>
  bundleOnce(new URL("page-script.ts", import.meta.url), { define: { "process.env.NODE_ENV": '"development"' } });
