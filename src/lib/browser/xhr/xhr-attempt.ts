import type { PreparedCall } from "../session-calls.ts";

/** What `send` of an `XMLHttpRequest` takes. */
export type XhrBody = Document | XMLHttpRequestBodyInit | null | undefined;

/** An event that has not been shown, and the `readyState` it came with. */
interface HeldEvent {
  readonly event: Event;
  readonly state: number;
}

/** One `send` of the app, which may take two requests. */
export interface XhrAttempt {
  readonly body: XhrBody;
  /** Aborted when the app does not wait for it any more. */
  readonly waiting: AbortController;
  /** Whether the client is being asked, and the app sees no request. */
  isWaiting: boolean;
  /** The request under way, until its answer is judged. */
  call?: PreparedCall | undefined;
  /** Events of an answer that is being judged. */
  held?: HeldEvent[] | undefined;
  /** What `readyState` says in place of the truth. */
  state?: number | undefined;
  /** Whether its begin has been shown. */
  isStarted?: boolean;
  /** How many bytes of the upload have been shown, -1 before its begin; infinite after its end. */
  uploaded: number;
}

/**
 * The body as it is now, since it is sent later, and perhaps twice. What cannot change is not
 * copied.
 */
export function keepBody(body: XhrBody): XhrBody {
  if (body instanceof FormData || body instanceof URLSearchParams) {
    const copy = new (body.constructor as typeof FormData)();
    for (const [name, value] of body) copy.append(name, value as string);
    return copy;
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return structuredClone(body);
  return ((body as Partial<Document> | null | undefined)?.cloneNode?.(true) as Document | undefined) ?? body;
}
