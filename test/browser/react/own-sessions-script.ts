/** A page that lists the user's own sessions. Runs in the browser. */
import { createSessionClient, type SessionClient } from "counterfoil/browser";
import { type OwnSessions, SessionProvider, useOwnSessions } from "counterfoil/react";
import { createElement as h, Fragment, type ReactElement, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";

export class OwnSessionsScript {
  readonly client: SessionClient = createSessionClient();
  /** Errors of any kind, also those that React complains about. */
  readonly problems: string[] = [];
  /** What was rendered last. */
  now: OwnSessions | undefined;
  /** All texts that were rendered, each once in a row. */
  readonly texts: string[] = [];
  #root: Root | undefined;

  constructor() {
    console.error = (...what: unknown[]) => void this.problems.push(what.map(String).join(" "));
    addEventListener("unhandledrejection", ({ reason }) => this.problems.push(String(reason)));
  }

  mount(isStrict: boolean): void {
    const root = document.createElement("div");
    document.documentElement.append(root);
    this.#root = createRoot(root);
    const app = h(SessionProvider, { client: this.client }, h(Devices, { page: this }));
    this.#root.render(h(isStrict ? StrictMode : Fragment, null, app));
  }

  unmount(): void {
    this.#root?.unmount();
  }
}

function Devices({ page }: { readonly page: OwnSessionsScript }): ReactElement {
  const now = useOwnSessions();
  page.now = now;
  const names = now.sessions.map(({ device, current }) => (device.label ?? "nameless") + (current ? "*" : ""));
  const text = [
    now.isLoading ? "loading" : "loaded",
    ...names.slice(0, 3),
    names.length > 3 && `of ${names.length}`,
    now.hasMore && "and more",
    now.error && (now.error as { readonly code?: string }).code,
  ].filter(Boolean);
  if (page.texts.at(-1) !== text.join(" ")) page.texts.push(text.join(" "));
  return h("p", { id: "devices" }, text.join(" "));
}

Object.assign(globalThis, { page: new OwnSessionsScript() });
