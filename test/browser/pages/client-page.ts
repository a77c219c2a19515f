/** All of `counterfoil/browser`, for tests that drive a page. Runs in the browser. */
import * as counterfoil from "counterfoil/browser";
import type { SessionClient, SessionClientOptions, SessionState } from "counterfoil/browser";

const EVENTS = ["signed-in", "signed-out", "user-changed", "refreshed", "refresh-failed"] as const;
export type EventName = (typeof EVENTS)[number];

/** Something that the client told its listeners. */
export interface PageEvent {
  readonly name: EventName;
  /** As JSON; of an error its `code`, `status` and `retryAfter`. */
  readonly detail: unknown;
  /** On the page's monotonic clock, ms. */
  readonly at: number;
}

/** An answer, with why it stands where that is an error of the client. */
export interface Reply {
  readonly status: number;
  /** Parsed where it is JSON. */
  readonly body: unknown;
  readonly code?: string;
}

export interface RefreshOutcome {
  readonly state?: SessionState;
  /** Of the error that it rejected with. */
  readonly code?: string;
}

export class ClientPageScript {
  /** The module, for tests that want more than one client. */
  readonly counterfoil: typeof counterfoil = counterfoil;
  /** Of the client that was made last, in the order in which they came. */
  events: PageEvent[] = [];
  #client: SessionClient | undefined;
  #failure: unknown = new Error("no client has been made");

  get client(): SessionClient {
    if (this.#client === undefined) throw this.#failure;
    return this.#client;
  }

  /** As the page is loaded, where nobody would see that it throws. */
  createAtStart(options: SessionClientOptions): void {
    try {
      this.create(options);
    } catch (error) {
      this.#failure = error;
    }
  }

  create(options: SessionClientOptions): void {
    const client = counterfoil.createSessionClient(options);
    this.#client = client;
    const events: PageEvent[] = [];
    this.events = events;
    for (const name of EVENTS) {
      client.on(name, (detail) => void events.push({ name, detail: toDetail(detail), at: performance.now() }));
    }
  }

  fetch = async (input: string, init: RequestInit = {}): Promise<Reply> =>
    toReply(await this.client.fetch(input, init));

  signIn = async (input: string, init: RequestInit): Promise<Reply> => toReply(await this.client.signIn(input, init));

  async refresh(): Promise<RefreshOutcome> {
    try {
      return { state: await this.client.refresh() };
    } catch (error) {
      if (error instanceof counterfoil.SessionClientError) return { code: error.code };
      throw error;
    }
  }
}

function toDetail(detail: unknown): unknown {
  if (!(detail instanceof counterfoil.SessionClientError)) return detail;
  const { code, status, retryAfter } = detail;
  return { code, status, retryAfter };
}

async function toReply(answer: counterfoil.SessionResponse): Promise<Reply> {
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  const reply = { status: answer.status, body: isJson ? (JSON.parse(text) as unknown) : text };
  return answer.sessionError === undefined ? reply : { ...reply, code: answer.sessionError.code };
}

const page = new ClientPageScript();
Object.assign(globalThis, { page });
const options = new URLSearchParams(location.search).get("options");
if (options !== null) page.createAtStart(JSON.parse(options) as SessionClientOptions);
