/** The page of the React tests. Runs in the browser. */
import { type ClientSession, createSessionClient, type SessionClient } from "counterfoil/browser";
import { useSessionClient, useSessionEvent, useSessionFetch } from "counterfoil/react";
import { createElement as h, useEffect, useState } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { type Claims, createApp, type Given } from "./counted-app.ts";

/** What stands in the page before this script. */
declare const given: Given;
/** Texts that the page ever showed, and errors of any kind. */
declare const watched: { readonly texts: string[]; readonly problems: string[] };

export interface Recorded {
  /** Number of renders of each component, by its name and text; `c0: alice member`. */
  readonly renders: Readonly<Record<string, number>>;
  readonly commits: number;
  readonly texts: readonly string[];
  readonly problems: readonly string[];
}

export class ReactPageScript {
  readonly client: SessionClient<Claims>;
  /** How many listen to the client. */
  listeners = 0;
  /** What `useSessionEvent` has heard. */
  heard: string[] = [];
  /** Answers of `useSessionFetch`. */
  answers: number[] = [];
  /** Different functions that `useSessionFetch` has returned. */
  readonly fetches: Set<unknown> = new Set<unknown>();
  #renders: Record<string, number> = {};
  #commits = 0;
  #root: Root | undefined;

  constructor() {
    const session = given.isClientTold ? (given.session as ClientSession<Claims> | null) : undefined;
    const client = createSessionClient<Claims>({ initialSession: session ?? undefined });
    this.client = {
      ...client,
      on: (event, listener) => this.#count(client.on(event, listener)),
      subscribe: (listener) => this.#count(client.subscribe(listener)),
    };
  }

  #count(stop: () => void): () => void {
    this.listeners += 1;
    return () => {
      this.listeners -= 1;
      stop();
    };
  }

  readonly #recorder = {
    render: (component: string, text: string): void => {
      const key = `${component}: ${text}`;
      this.#renders[key] = (this.#renders[key] ?? 0) + 1;
    },
    commit: (): void => void (this.#commits += 1),
  };

  #app(key: string): ReturnType<typeof createApp> {
    return createApp(this.client, given, this.#recorder, h(Listening, { key, page: this }));
  }

  start(): void {
    const root = document.querySelector("#root")!;
    if (root.childElementCount > 0) {
      this.#root = hydrateRoot(root, this.#app("first"), {
        onRecoverableError: (error) => watched.problems.push(String(error)),
      });
    } else this.mount();
  }

  mount(): void {
    this.#root = createRoot(document.querySelector("#root")!);
    this.#root.render(this.#app("first"));
  }

  /** As hot reload does with a component that has changed: another one in its place. */
  replace(): void {
    this.#root?.render(this.#app("second"));
  }

  /** The app renders again, for reasons of its own, with new objects that say the same. */
  renderAgain(): void {
    Object.assign(globalThis, { given: structuredClone(given) });
    this.#root?.render(this.#app("first"));
  }

  unmount(): void {
    this.#root?.unmount();
  }

  /** Since they were last taken. */
  take(): Recorded {
    const renders = this.#renders;
    const commits = this.#commits;
    this.#renders = {};
    this.#commits = 0;
    return { renders, commits, texts: watched.texts.splice(0), problems: watched.problems.splice(0) };
  }
}

/**
 * What renders nothing of the session, and uses the other hooks. It renders on the page only, as
 * many a thing does.
 */
function Listening({ page }: { readonly page: ReactPageScript }): ReturnType<typeof h> | null {
  const [isMounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  return isMounted ? h(Hooks, { page }) : null;
}

function Hooks({ page }: { readonly page: ReactPageScript }): ReturnType<typeof h> {
  const sessionFetch = useSessionFetch();
  const client = useSessionClient<Claims>();
  const [calls, setCalls] = useState(0);
  page.fetches.add(sessionFetch);
  useSessionEvent("signed-in", ({ userId }) => page.heard.push(`${userId} after ${calls} calls`));
  useSessionEvent("user-changed", ({ userId }) => page.heard.push(`changed to ${userId}`));
  async function call(): Promise<void> {
    page.answers.push((await sessionFetch("/me")).status);
    setCalls(calls + 1);
  }
  return h(
    "div",
    null,
    h("button", { id: "call", onClick: () => void call() }),
    h("button", { id: "out", onClick: () => void client.signOut() }),
  );
}

const page = new ReactPageScript();
Object.assign(globalThis, { page });
page.start();
