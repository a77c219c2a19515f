import { cookieHeader, parseSetCookie, type RawResponse, send, type SentHeaders } from "../test/http/send.ts";

export interface GraphqlAnswer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly data: unknown;
  /** Code and message of each error, for instance `FORBIDDEN claim required`. */
  readonly errors: readonly string[];
  readonly raw: RawResponse;
}

interface Body {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

/** The cookies and the anti-CSRF token of a sign-in. */
export const credentialsOf = (signIn: RawResponse): SentHeaders => ({
  cookie: cookieHeader(signIn.cookies.map(parseSetCookie).map(({ name, value }) => [name, value])),
  "anti-csrf": signIn.header("anti-csrf"),
});

/** Sends an operation, as somebody or as nobody. */
export async function ask(port: number, query: string, signIn?: RawResponse): Promise<GraphqlAnswer> {
  const raw = await send(port, {
    method: "POST",
    path: "/graphql",
    body: JSON.stringify({ query }),
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(signIn === undefined ? {} : credentialsOf(signIn)),
    },
  });
  const { data, errors = [] } = raw.json() as Body;
  return {
    status: raw.status,
    challenge: raw.header("www-authenticate"),
    data,
    errors: errors.map(({ message, extensions }) => `${extensions?.code} ${message}`),
    raw,
  };
}
