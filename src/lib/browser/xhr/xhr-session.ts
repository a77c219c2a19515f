import type { PreparedCall, SessionCalls } from "../session-calls.ts";
import { SessionClientError } from "../session-client-error.ts";
import { keepBody, type XhrBody, type XhrAttempt } from "./xhr-attempt.ts";

/** An `XMLHttpRequest` that keeps the session. */
export interface SessionXhr extends XMLHttpRequest {
  /** Why the client could not do its part; undefined if it could. */
  readonly sessionError: SessionClientError | undefined;
}

/** The class of {@link SessionXhr}. */
export type SessionXhrClass = (new () => SessionXhr) & typeof XMLHttpRequest;

const EVENTS = ["readystatechange", "loadstart", "progress", "abort", "error", "load", "timeout", "loadend"];
const OPENED = 1;
const HEADERS_RECEIVED = 2;
const DONE = 4;
// Ends in a network error without using the network.
const NOWHERE = "blob:";

/**
 * Makes a class like `XMLHttpRequest` that follows the rules of the client: it sends the anti-CSRF
 * token, refreshes an expired access token, and repeats a request that was refused for it, once.
 * Listeners see one request with its last response, and the upload only the first time. Synchronous
 * requests, and requests to other origins, are sent unchanged.
 *
 * If a refresh before the request fails, the request ends with an `error` event; if it fails after
 * a response, with that response. `sessionError` says why in both cases.
 *
 * @param client the result of `createSessionClient`
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { createSessionXhr } from "counterfoil/xhr";
 *
 * const SessionXhr = createSessionXhr(createSessionClient());
 * const xhr = new SessionXhr();
 * xhr.upload.onprogress = ({ loaded, total }) => console.log(loaded / total);
 * xhr.open("POST", "/api/photos");
 * xhr.send(new Blob(["a photo"]));
 * ```
 */
export function createSessionXhr(client: SessionCalls): SessionXhrClass {
  return class extends globalThis.XMLHttpRequest implements SessionXhr {
    sessionError: SessionClientError | undefined;
    #opened: unknown[] = [];
    #url = "";
    #headers: [name: string, value: string][] = [];
    #attempt: XhrAttempt | undefined;
    #isUploadWatched = false;
    #addedCredentials = false;

    constructor() {
      super();
      for (const type of EVENTS) this.addEventListener(type, (event) => this.#watch(event), true);
    }

    override get readyState(): number {
      return this.#attempt?.state ?? super.readyState;
    }

    override get upload(): XMLHttpRequestUpload {
      // Only on demand: with an upload listener, browsers send a preflight to another origin before
      // each request.
      if (!this.#isUploadWatched) this.#watchUpload(true);
      return super.upload;
    }

    override open(...given: unknown[]): void {
      this.#attempt?.waiting.abort();
      this.#attempt = undefined;
      super.open(...(given as [string, string, boolean]));
      this.#opened = given;
      this.#url = new URL(given[1] as string, globalThis.document?.baseURI ?? location.href).href;
      this.#headers = [];
      this.sessionError = undefined;
      if (this.#addedCredentials) this.withCredentials = this.#addedCredentials = false;
    }

    override setRequestHeader(name: string, value: string): void {
      this.#demandUnsent();
      super.setRequestHeader(name, value);
      this.#headers.push([name, value]);
    }

    override send(body?: XhrBody): void {
      this.#demandUnsent();
      const isSynchronous = this.#opened.length > 2 && !this.#opened[2];
      if (super.readyState !== OPENED || isSynchronous) this.#sendAsItIs(body);
      else {
        const waiting = new AbortController();
        void this.#run((this.#attempt = { body: keepBody(body), waiting, isWaiting: true, uploaded: -1 }));
      }
    }

    override abort(): void {
      const attempt = this.#attempt;
      attempt?.waiting.abort();
      if (attempt?.isWaiting) this.#sendNowhere(attempt);
      super.abort();
      // Unless a listener has begun another attempt.
      if (this.#attempt === attempt) this.#attempt = undefined;
    }

    async #run(attempt: XhrAttempt): Promise<void> {
      const { signal } = attempt.waiting;
      try {
        const call = await client.prepare({ url: this.#url, method: this.#opened[0] as string, signal });
        if (signal.aborted) return;
        if (call) return this.#sendWith(attempt, call);
        this.#attempt = undefined;
        this.#sendAsItIs(attempt.body);
      } catch (error) {
        if (signal.aborted) return;
        this.sessionError = error as SessionClientError;
        this.#sendNowhere(attempt);
      }
    }

    #sendAsItIs(body: XhrBody): void {
      if (this.#isUploadWatched) this.#watchUpload(false);
      super.send(body);
    }

    #sendWith(attempt: XhrAttempt, call: PreparedCall): void {
      this.#reopen(attempt, this.#opened);
      attempt.call = call;
      for (const [name, value] of this.#headers)
        if (!(name.toLowerCase() in call.headers)) super.setRequestHeader(name, value);
      for (const name in call.headers) super.setRequestHeader(name, call.headers[name] ?? "");
      this.#addedCredentials ||= !this.withCredentials;
      this.withCredentials = true;
      super.send(attempt.body);
    }

    /** Makes the browser itself end a request that has no response. */
    #sendNowhere(attempt: XhrAttempt): void {
      this.#reopen(attempt, ["GET", NOWHERE]);
      super.send(attempt.body);
    }

    #reopen(attempt: XhrAttempt, args: unknown[]): void {
      // The app does not see these events.
      attempt.delayedEvents = [];
      super.open(...(args as [string, string, boolean]));
      attempt.delayedEvents = attempt.call = attempt.state = undefined;
      attempt.isWaiting = false;
    }

    #watch(event: Event): void {
      const attempt = this.#attempt;
      if (!attempt) return;
      const state = super.readyState;
      if (state === HEADERS_RECEIVED && attempt.call) void this.#judge(attempt, attempt.call);
      if (attempt.delayedEvents) {
        attempt.delayedEvents.push({ event, state });
        event.stopImmediatePropagation();
      } else if (event.type === "loadstart") {
        if (attempt.isStarted) event.stopImmediatePropagation();
        attempt.isStarted = true;
      } else if (event.type === "loadend" && this.readyState === DONE) {
        this.#attempt = undefined;
      }
    }

    async #judge(attempt: XhrAttempt, call: PreparedCall): Promise<void> {
      Object.assign(attempt, { call: undefined, delayedEvents: [], isWaiting: true, state: OPENED });
      const response = { headers: { get: (name: string) => this.getResponseHeader(name) } };
      const verdict = await client.judge(call, response).catch((error: unknown) => error as SessionClientError);
      if (attempt.waiting.signal.aborted) return;
      if (verdict && !(verdict instanceof Error)) return this.#sendWith(attempt, verdict);
      this.sessionError = verdict;
      for (const { event, state } of attempt.delayedEvents ?? []) {
        attempt.delayedEvents = undefined;
        attempt.state = state;
        attempt.isWaiting = state !== DONE;
        // An event's own fields are also its constructor's options.
        this.dispatchEvent(new (event.constructor as typeof Event)(event.type, event));
        if (attempt.waiting.signal.aborted) return;
      }
      attempt.state = undefined;
      attempt.isWaiting = false;
    }

    #watchUpload(isOn: boolean): void {
      this.#isUploadWatched = isOn;
      const change = isOn ? "addEventListener" : "removeEventListener";
      for (const type of EVENTS) super.upload[change](type, this.#hideRepetition, true);
    }

    #hideRepetition = (event: Event): void => {
      const attempt = this.#attempt;
      if (!attempt) return;
      const { type, loaded } = event as ProgressEvent;
      const { uploaded } = attempt;
      const isBegin = type === "loadstart";
      if (uploaded === Infinity || (isBegin && uploaded >= 0) || (type === "progress" && loaded < uploaded))
        event.stopImmediatePropagation();
      attempt.uploaded = type === "loadend" ? Infinity : Math.max(uploaded, loaded);
    };

    #demandUnsent(): void {
      if (this.#attempt) throw new DOMException("", "InvalidStateError");
    }
  };
}
