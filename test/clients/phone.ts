import { compileFunction } from "node:vm";
import { build } from "esbuild";
import { createBrowserJar } from "../http/browser-jar.ts";
import type { RawResponse } from "../http/send.ts";

type Event = { readonly action: "SIGN_OUT" | "REFRESH_SESSION" | "SESSION_CREATED" | "UNAUTHORISED" };

/** What is used of supertokens-react-native. */
interface Sdk {
  init(options: {
    apiDomain: string;
    tokenTransferMethod: "cookie" | "header";
    onHandleEvent: (event: Event) => void;
  }): void;
  doesSessionExist(): Promise<boolean>;
  getUserId(): Promise<string>;
  signOut(): Promise<void>;
}

export interface Phone {
  readonly sdk: Pick<Sdk, "doesSessionExist" | "getUserId" | "signOut">;
  /** Starts the app, or a newer version of it over the same storage and cookies. */
  start(mode: "cookie" | "header"): void;
  call(method: string, path: string): Promise<Response>;
  /** Requests and their statuses since this was last asked, for instance `GET /api 200`. */
  takeCalls(): readonly string[];
  /** Events of the SDK since this was last asked. */
  takeEvents(): readonly string[];
  /** Names of the cookies that the phone would send to the refresh route. */
  cookies(): readonly string[];
}

/** The published package, with a storage in memory in place of the phone's. */
export async function bundleSdk(): Promise<string> {
  const bundle = await build({
    stdin: { contents: 'export { default } from "supertokens-react-native";', resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "sdk",
    logLevel: "silent",
  });
  return bundle.outputFiles[0]?.text ?? "";
}

/** A phone: the SDK over a fetch with one jar for all, as those of phones have. */
export function createPhone(bundle: string, port: number): Phone {
  const origin = `http://127.0.0.1:${port}`;
  const jar = createBrowserJar("127.0.0.1");
  let calls: string[] = [];
  let events: string[] = [];

  const own = {
    async fetch(url: string, init: RequestInit = {}): Promise<Response> {
      const { pathname } = new URL(url);
      const headers = new Headers(init.headers);
      const cookie = jar.header(pathname);
      if (cookie !== "") headers.set("cookie", cookie);
      const response = await fetch(url, { ...init, headers });
      jar.take({ cookies: response.headers.getSetCookie() } as unknown as RawResponse);
      calls.push(`${(init.method ?? "GET").toUpperCase()} ${pathname} ${response.status}`);
      return response;
    },
  };
  // The SDK takes both for the same, and lays its own fetch over the one of `global`.
  const open = compileFunction(`${bundle}\nreturn sdk.default;`, ["global", "fetch"]);
  const sdk = open(own, (url: string, init?: RequestInit) => own.fetch(url, init)) as Sdk;

  return {
    sdk,
    start: (mode) =>
      sdk.init({
        apiDomain: origin,
        tokenTransferMethod: mode,
        onHandleEvent: ({ action }) => void events.push(action),
      }),
    call: (method, path) => own.fetch(origin + path, { method }),
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    takeEvents() {
      const taken = events;
      events = [];
      return taken;
    },
    cookies: () =>
      jar
        .header("/auth/session/refresh")
        .split("; ")
        .flatMap((pair) => (pair === "" ? [] : [pair.replace(/=.*/, "")])),
  };
}
