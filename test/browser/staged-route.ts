import type { ServerResponse } from "node:http";
import type { Request, Response } from "express";

/**
 * Before: the server has not looked at the call. After: it has done what the call asks, and the
 * answer has not left.
 */
export type HoldPoint = "before" | "after";

interface StagedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What a test makes of the calls to one route: held, answered by something else, or let through as
 * by default.
 */
export class StagedRoute {
  #point: HoldPoint | undefined;
  #toHold = 0;
  #gate = Number.POSITIVE_INFINITY;
  #held: (() => void)[] = [];
  #answers: StagedAnswer[] = [];
  #dropsCookies = false;

  /**
   * Holds the calls that come from now on.
   *
   * @param times how many of them; all, unless it says less. The others pass.
   */
  hold(point: HoldPoint = "before", times = Number.POSITIVE_INFINITY): void {
    this.#point = point;
    this.#toHold = times;
  }

  /** A server that takes calls and never answers, until they are released. */
  hang(): void {
    this.hold("before");
  }

  /** Lets go what is held, and holds no more. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    this.#toHold = 0;
    this.#gate = Number.POSITIVE_INFINITY;
    for (const go of held) go();
  }

  /**
   * Holds calls until so many have come, and then lets them all go: they are judged in the same
   * moment.
   */
  gather(count: number): void {
    this.hold("before");
    this.#gate = count;
  }

  /**
   * Something in front of the server answers, as a proxy does: it knows nothing of CORS, and the
   * server sees nothing.
   *
   * @param times for how many calls
   */
  answer(status: number, headers: Readonly<Record<string, string>> = {}, body = "", times = 1): void {
    for (let n = 0; n < times; n++) this.#answers.push({ status, headers, body });
  }

  /** No cookie of these answers arrives, as if the browser kept none. */
  dropCookies(): void {
    this.#dropsCookies = true;
  }

  /** Calls pass through here on their way to the server. */
  handle(_request: Request, response: Response, next: () => void): void {
    if (this.#dropsCookies) beforeHeaders(response, (answer) => answer.removeHeader("set-cookie"));
    const staged = this.#answers.shift();
    const go = staged === undefined ? next : () => send(response, staged);
    if (this.#toHold === 0) {
      go();
      return;
    }
    this.#toHold -= 1;
    if (this.#point === "before") {
      this.#keep(go);
      return;
    }
    const end = response.end.bind(response) as (...given: unknown[]) => Response;
    response.end = (...given: unknown[]) => {
      this.#keep(() => end(...given));
      return response;
    };
    go();
  }

  #keep(go: () => void): void {
    this.#held.push(go);
    if (this.#held.length >= this.#gate) this.release();
  }
}

function send(response: Response, { status, headers, body }: StagedAnswer): void {
  response.writeHead(status, headers).end(body);
}

/** Acts when all headers of an answer are known, and none has left. */
export function beforeHeaders(response: ServerResponse, act: (response: ServerResponse) => void): void {
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
  response.writeHead = (...given: unknown[]) => {
    act(response);
    return writeHead(...given);
  };
}
