/** A page that can make a call in each way that goes through a client. Runs in the browser. */
import { createSessionClient, SessionClientError, type SessionClient, type SessionResponse } from "counterfoil/browser";
import { onStepUp } from "counterfoil/step-up";
import { connectToPage, serveWorker } from "counterfoil/worker";
import { createSessionXhr, interceptXhr, type SessionXhr } from "counterfoil/xhr";
import type { Request, Result } from "../worker/worker-script.ts";

export type Way = "fetch" | "intercepted fetch" | "XMLHttpRequest" | "intercepted XMLHttpRequest" | "worker";

/** Of an answer, its status, and why it stands; of a call that was not sent, only why. */
export interface Outcome {
  readonly status?: number;
  readonly code?: string;
}

/** What the user does who is asked to sign in again. */
export type StepUpAnswer =
  | "signs in"
  | "signs in with a code"
  | "signs in as bob"
  | "refuses"
  | "only says so"
  | "breaks";

export class CallsPageScript {
  readonly client: SessionClient = createSessionClient({ lockTimeout: 120_000, refreshTimeout: 120_000 });
  /** What the client has told, for instance `user-changed bob`. */
  readonly events: string[] = [];
  /** What was begun last. */
  current: Promise<Outcome> | undefined;
  /** What the user was asked for. */
  readonly demands: unknown[] = [];
  /** Takes the question back. */
  stopAsking: () => void = () => undefined;
  #worker: Worker | undefined;
  #answer: (() => void) | undefined;

  constructor() {
    for (const name of ["signed-in", "user-changed", "signed-out"] as const)
      this.client.on(name, (state) => void this.events.push(`${name} ${"userId" in state ? state.userId : ""}`.trim()));
  }

  async startWorker(): Promise<void> {
    this.#worker = new Worker("/worker.js#bridge");
    serveWorker(this.client, this.#worker);
    await this.#ask({ act: "session" });
  }

  signIn = async (user: string, amr: readonly string[] = ["pwd"]): Promise<number> =>
    (await this.client.signIn("/login", { method: "POST", body: JSON.stringify({ user, amr }) })).status;

  /** As a plain form does, which tells no client. */
  signInPlainly = async (user: string): Promise<number> =>
    (await fetch("/login", { method: "POST", body: JSON.stringify({ user }) })).status;

  /** @param isPatient whether the user waits for `answer()` */
  askOnStepUp(answer: StepUpAnswer, isPatient: boolean): void {
    this.stopAsking = onStepUp(this.client, async (demand) => {
      this.demands.push(demand);
      if (isPatient) await new Promise<void>((resolve) => (this.#answer = resolve));
      if (answer === "signs in") return (await this.signIn("alice")) === 200;
      if (answer === "signs in with a code") return (await this.signIn("alice", ["pwd", "otp", "mfa"])) === 200;
      if (answer === "signs in as bob") return (await this.signIn("bob")) === 200;
      if (answer === "breaks") throw new RangeError("the dialog broke");
      return answer === "only says so";
    });
  }

  answer(): void {
    this.#answer?.();
  }

  begin(way: Way, method: string, url: string): void {
    this.current = this.call(way, method, url);
    // Looked at later.
    this.current.catch(() => undefined);
  }

  call(way: Way, method: string, url: string): Promise<Outcome> {
    const body = method === "GET" ? {} : { body: "a draft of alice's" };
    switch (way) {
      case "fetch":
        return settle(() => this.client.fetch(url, { method, ...body }));
      case "intercepted fetch": {
        const undo = this.client.intercept();
        return settle(() => fetch(url, { method, ...body })).finally(undo);
      }
      case "XMLHttpRequest":
        return this.#send(createSessionXhr(this.client), method, url);
      case "intercepted XMLHttpRequest": {
        const undo = interceptXhr(this.client);
        return this.#send(XMLHttpRequest, method, url).finally(undo);
      }
      case "worker":
        return this.#ask({ act: "fetch", url, method, ...body }).then(({ value, code }) => {
          if (value === undefined) return { code: String(code) };
          const [[status, why]] = value as [[number, string?]];
          return { status, ...(why !== undefined && { code: why }) };
        });
    }
  }

  /** In one task: somebody else signs in, and a worker calls that has not heard of it. */
  async callBeforeItIsTold(user: string): Promise<Outcome> {
    const { port1, port2 } = new MessageChannel();
    const stop = serveWorker(this.client, port1);
    const worker = connectToPage(port2);
    await new Promise<void>((resolve) => worker.subscribe(() => worker.session().status === "signed-in" && resolve()));
    let outcome: Promise<Outcome> | undefined;
    const off = this.client.on("user-changed", () => {
      outcome = settle(() => worker.fetch("/me"));
    });
    await this.signIn(user);
    off();
    const result = await outcome!;
    stop();
    worker.dispose();
    return result;
  }

  #send(Class: typeof XMLHttpRequest, method: string, url: string): Promise<Outcome> {
    const xhr = new Class() as SessionXhr;
    return new Promise((resolve) => {
      xhr.addEventListener("loadend", () => {
        const code = xhr.sessionError?.code;
        resolve({ ...(xhr.status !== 0 && { status: xhr.status }), ...(code !== undefined && { code }) });
      });
      xhr.open(method, url);
      xhr.send(method === "GET" ? null : "a draft of alice's");
    });
  }

  #ask(request: Request): Promise<Result> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.addEventListener("message", ({ data }: MessageEvent<Result>) => resolve(data), { once: true });
      port1.start();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no other origin
      this.#worker!.postMessage({ app: request }, [port2]);
    });
  }
}

async function settle(call: () => Promise<SessionResponse>): Promise<Outcome> {
  try {
    const { status, sessionError } = await call();
    return { status, ...(sessionError !== undefined && { code: sessionError.code }) };
  } catch (error) {
    if (error instanceof SessionClientError) return { code: error.code };
    throw error;
  }
}

Object.assign(globalThis, { page: new CallsPageScript() });
