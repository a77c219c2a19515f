import type { PreparedCall } from "../session-calls.ts";

/** The argument of `send` of an `XMLHttpRequest`. */
export type XhrBody = Document | XMLHttpRequestBodyInit | null | undefined;

/** A delayed event, and the `readyState` at that time. */
interface DelayedEvent {
  readonly event: Event;
  readonly state: number;
}

/** One `send` of the app, which may take two requests. */
export interface XhrAttempt {
  readonly body: XhrBody;
  /** Aborted when the app stops waiting. */
  readonly waiting: AbortController;
  /** Whether the client prepares or judges the call, so that no request runs. */
  isWaiting: boolean;
  /** The current request, until its response is judged. */
  call?: PreparedCall | undefined;
  /** Delayed events of a response that is being judged. */
  delayedEvents?: DelayedEvent[] | undefined;
  /** Replaces the real `readyState`. */
  state?: number | undefined;
  /** Whether the app has seen the start of the request. */
  isStarted?: boolean;
  /** The uploaded bytes that the app has seen; -1 before the start, infinite after the end. */
  uploaded: number;
}

/**
 * Copies the body, because it is sent later, and perhaps twice. Immutable bodies are not copied.
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
