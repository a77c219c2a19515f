/** A page that calls by `XMLHttpRequest`. Runs in the browser. */
import { createSessionClient, type SessionClient, type SessionClientOptions } from "counterfoil/browser";
import { createSessionXhr, interceptXhr, type SessionXhr, type SessionXhrClass } from "counterfoil/xhr";

export interface XhrCall {
  readonly url: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: BodyKind;
  /** Size of a body of kind `large`, in bytes. */
  readonly size?: number;
  readonly responseType?: XMLHttpRequestResponseType;
  readonly timeout?: number;
  readonly withCredentials?: boolean;
  /** Whether somebody listens to the upload. */
  readonly watchesUpload?: boolean;
}

/** What a request looks like from outside. */
export interface XhrReport {
  /**
   * Names in order, with the `readyState`, as listeners and as handlers in attributes heard them:
   * the same.
   */
  readonly events: readonly string[];
  readonly upload: readonly string[];
  /** `loaded` of the upload's events. */
  readonly loaded: readonly number[];
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly code?: string | undefined;
  readonly timeout: number;
  readonly withCredentials: boolean;
}

const EVENTS = ["readystatechange", "loadstart", "progress", "abort", "error", "load", "timeout", "loadend"] as const;

const BODIES = {
  none: () => null,
  string: () => "grün",
  params: () => new URLSearchParams({ a: "1", b: "grün" }),
  blob: () => new Blob(["grün"], { type: "text/x-note" }),
  buffer: () => new TextEncoder().encode("grün").buffer,
  view: () => new TextEncoder().encode("xgrünx").subarray(1, -1),
  document: () => new DOMParser().parseFromString("<note>grün</note>", "text/xml"),
  form() {
    const form = new FormData();
    form.append("a", "1");
    form.append("file", new File(["grün"], "note.txt", { type: "text/plain" }));
    return form;
  },
};
export type BodyKind = keyof typeof BODIES | "large";

export class Recording {
  readonly xhr: XMLHttpRequest;
  readonly heard: string[] = [];
  readonly viaAttributes: string[] = [];
  readonly upload: string[] = [];
  readonly uploadViaAttributes: string[] = [];
  readonly loaded: number[] = [];
  readonly ended: Promise<void>;

  constructor(xhr: XMLHttpRequest, watchesUpload: boolean) {
    this.xhr = xhr;
    for (const name of EVENTS) {
      const hear = (list: string[]) => () => void list.push(`${name} ${xhr.readyState}`);
      xhr.addEventListener(name, hear(this.heard));
      xhr[`on${name}`] = hear(this.viaAttributes);
      if (!watchesUpload || name === "readystatechange") continue;
      xhr.upload.addEventListener(name, ({ loaded }) => {
        this.upload.push(name);
        this.loaded.push(loaded);
      });
      xhr.upload[`on${name}`] = () => void this.uploadViaAttributes.push(name);
    }
    // After all others.
    this.ended = new Promise((resolve) => xhr.addEventListener("loadend", () => resolve()));
  }

  async report(): Promise<XhrReport> {
    const { xhr } = this;
    await this.ended;
    if (this.heard.join() !== this.viaAttributes.join())
      throw new Error(`${this.heard.join()} | ${this.viaAttributes.join()}`);
    if (this.upload.join() !== this.uploadViaAttributes.join()) throw new Error(this.uploadViaAttributes.join());
    return {
      events: withoutRepeats(this.heard),
      upload: withoutRepeats(this.upload),
      loaded: this.loaded,
      status: xhr.status,
      type: xhr.getResponseHeader("content-type"),
      text: await textOf(xhr),
      code: (xhr as Partial<SessionXhr>).sessionError?.code,
      timeout: xhr.timeout,
      withCredentials: xhr.withCredentials,
    };
  }
}

/** Browsers are free in how often they tell of progress. */
function withoutRepeats(names: readonly string[]): string[] {
  const others = names.filter((name) => !name.startsWith("progress"));
  return others.filter((name, n) => name !== others[n - 1]);
}

async function textOf(xhr: XMLHttpRequest): Promise<string> {
  const response = xhr.response as unknown;
  if (response instanceof Blob) return `Blob ${await response.text()}`;
  if (response instanceof ArrayBuffer) return `ArrayBuffer ${new TextDecoder().decode(response)}`;
  if (response instanceof Document) return `Document ${response.documentElement.textContent}`;
  return typeof response === "string" ? response : `JSON ${JSON.stringify(response)}`;
}

export class XhrPageScript {
  readonly client: SessionClient;
  readonly SessionXhr: SessionXhrClass;
  readonly create: typeof createSessionClient = createSessionClient;
  readonly intercept: typeof interceptXhr = interceptXhr;
  /** The last one that was begun. */
  current: Recording | undefined;

  constructor(options: SessionClientOptions) {
    this.client = createSessionClient(options);
    this.SessionXhr = createSessionXhr(this.client);
  }

  /** Begins it. The body is spoilt right after that, where that can be done. */
  begin(call: XhrCall, Class: typeof XMLHttpRequest = this.SessionXhr): Recording {
    const xhr = new Class();
    const recording = new Recording(xhr, call.watchesUpload === true);
    this.current = recording;
    xhr.open(call.method ?? "GET", call.url);
    xhr.responseType = call.responseType ?? "";
    xhr.timeout = call.timeout ?? 0;
    xhr.withCredentials = call.withCredentials ?? false;
    for (const [name, value] of call.headers ?? []) xhr.setRequestHeader(name, value);
    const body = call.body === "large" ? new Blob([new Uint8Array(call.size ?? 0)]) : BODIES[call.body ?? "none"]();
    xhr.send(body);
    spoil(body);
    return recording;
  }

  send = (call: XhrCall): Promise<XhrReport> => this.begin(call).report();
  sendNatively = (call: XhrCall): Promise<XhrReport> => this.begin(call, XMLHttpRequest).report();
}

function spoil(body: unknown): void {
  if (body instanceof ArrayBuffer) new Uint8Array(body).fill(0);
  if (body instanceof Uint8Array) body.fill(0);
  if (body instanceof FormData || body instanceof URLSearchParams) body.append("late", "1");
  if (body instanceof Document) body.documentElement.textContent = "late";
}

const options = new URLSearchParams(location.search).get("options") ?? "{}";
Object.assign(globalThis, { page: new XhrPageScript(JSON.parse(options) as SessionClientOptions) });
