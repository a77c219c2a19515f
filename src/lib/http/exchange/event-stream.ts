import { Readable } from "node:stream";

/** Where a stream writes to. Nothing may be written after `end`. */
export interface StreamTarget {
  readonly write: (text: string) => void;
  readonly end: () => void;
}

/**
 * A body that is sent as it comes. The adapter calls it once, when it sends the response.
 *
 * @returns a function for the end of the connection, which may be called more than once
 */
export type StreamedBody = (target: StreamTarget) => () => void;

/** For a response of Node. */
export function toReadable(body: StreamedBody): Readable {
  const readable = new Readable({
    read: () => undefined,
    destroy(error, done) {
      stop();
      done(error);
    },
  });
  const stop = body({
    write: (text) => void readable.push(text),
    end: () => void readable.push(null),
  });
  return readable;
}

/** For a Web `Response`. */
export function toWebStream(body: StreamedBody): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  return new ReadableStream({
    start(controller) {
      stop = body({
        write: (text) => controller.enqueue(encoder.encode(text)),
        end: () => controller.close(),
      });
    },
    cancel: () => stop(),
  });
}
