import { SessionClientError, type SessionClientErrorCode } from "../session-client-error.ts";

/**
 * The channel of a page and its worker: a `Worker`, the global scope of the worker, or a
 * `MessagePort`.
 */
export interface WorkerPort {
  /** Sends a message. */
  postMessage(message: unknown): void;
  /** Listens to messages. */
  addEventListener(type: string, listener: (event: Event) => void, options: AddEventListenerOptions): void;
  /** Begins the delivery of messages; a `MessagePort` needs it. */
  start?(): void;
}

/**
 * A message of this library. The other side may have another version, so malformed fields are
 * ignored.
 */
export interface WorkerMessage {
  /** The kind of the message, which also separates it from messages of the app. */
  readonly counterfoil: string;
  /** The number of the question; the response has the same. */
  readonly id?: unknown;
  readonly value?: unknown;
}

/**
 * Takes our messages from the port, so that later listeners do not see them, and leaves the others.
 */
export function listen(port: WorkerPort, signal: AbortSignal, hear: (message: WorkerMessage) => void): void {
  const take = (event: Event): void => {
    const message = (event as MessageEvent<WorkerMessage | undefined | null>).data;
    if (typeof message?.counterfoil !== "string") return;
    event.stopImmediatePropagation();
    hear(message);
  };
  port.addEventListener("message", take, { signal });
  port.start?.();
}

/** Browsers do not clone our classes. */
export const encode = (value: unknown): unknown =>
  value instanceof SessionClientError
    ? { code: value.code, message: value.message, status: value.status, retryAfter: value.retryAfter }
    : value;

interface EncodedError {
  readonly code: SessionClientErrorCode;
  readonly message: string;
}

export function decode(value: unknown): unknown {
  const error = value as EncodedError | undefined | null;
  return error?.code ? new SessionClientError(error.code, error.message, error as object) : value;
}
