/** What the tests render, on the server and in the page alike. Every render of it is recorded. */
import type { ClientSession, SessionClient, SessionState } from "counterfoil/browser";
import { SessionProvider, SignedIn, useSession } from "counterfoil/react";
import { createElement as h, Fragment, Profiler, type ReactElement, type ReactNode, StrictMode } from "react";

/** The `jwtPayload` of the tests. */
export interface Claims {
  readonly role: string;
}

/** What the server tells its page. */
export interface Given {
  readonly session: ClientSession | null | undefined;
  /** Whether the client is told, too. */
  readonly isClientTold: boolean;
  readonly isStrict: boolean;
  /** How many components use the session, beside the guard. */
  readonly count: number;
}

export interface Recorder {
  /** A component is being rendered, with this text. */
  render(component: string, text: string): void;
  /** React has put something on the screen. */
  commit(): void;
}

export const NO_RECORDER: Recorder = { render() {}, commit() {} };

interface CountedProps {
  readonly name: string;
  readonly recorder: Recorder;
}

function Counted({ name, recorder }: CountedProps): ReactElement {
  const text = textOf(useSession<Claims>());
  recorder.render(name, text);
  return h("p", { className: "counted" }, text);
}

function Guarded(): ReactElement {
  return h(
    "div",
    { id: "guarded" },
    h(SignedIn<Claims>, {
      fallback: h("i", null, "sign in, please"),
      loading: h("i", null, "one moment"),
      children: ({ userId, claims }) => h("b", null, `hello ${userId}, ${claims.role}`),
    }),
  );
}

export function createApp(
  client: SessionClient<Claims>,
  { session, isStrict, count }: Given,
  recorder: Recorder,
  more?: ReactNode,
): ReactElement {
  const names = Array.from({ length: count }, (_, n) => `c${n}`);
  const app = h(
    Profiler,
    { id: "app", onRender: () => recorder.commit() },
    h(
      SessionProvider,
      { client, initialSession: session },
      ...names.map((name) => h(Counted, { key: name, name, recorder })),
      h(Guarded),
      more,
    ),
  );
  return h(isStrict ? StrictMode : Fragment, null, app);
}

function textOf(session: SessionState<Claims>): string {
  switch (session.status) {
    case "signed-in":
      return `${session.userId} ${session.claims.role}`;
    case "signed-out":
      return `nobody ${session.reason ?? ""}`.trimEnd();
    case "loading":
      return "loading";
  }
}
