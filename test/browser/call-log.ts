import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Request, Response } from "express";
import { until } from "../servers/until.ts";

/** A call as the server saw it. */
export interface SeenCall {
  /**
   * For instance `GET /me 401`; `pending` in place of the status while there is no answer, `gone`
   * when the browser left without one.
   */
  readonly call: string;
  readonly asked: IncomingHttpHeaders;
  /** The bytes that came; undefined without any, and for session routes. */
  readonly body: Buffer | undefined;
  readonly answered: OutgoingHttpHeaders;
}

interface Entry {
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
}

/** For instance `GET /me`. */
export const nameOf = ({ method, path }: Request): string => `${method} ${path}`;

/** All calls since they were last taken, in the order of arrival. */
export class CallLog {
  #entries: Entry[] = [];

  add(request: Request, response: Response): void {
    this.#entries.push({ name: nameOf(request), request, response });
  }

  /**
   * Resolves once so many such calls have come since calls were last taken: `GET /me` for any, `GET
   * /me gone` for those with that outcome.
   */
  async seen(call: string, count: number): Promise<void> {
    const isSuch = (entry: Entry): boolean => entry.name === call || describe(entry) === call;
    await until(`${count} times ${call}`, () => this.#entries.filter(isSuch).length >= count);
  }

  take(): readonly SeenCall[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries.map((entry) => ({
      call: describe(entry),
      asked: entry.request.headers,
      body: Buffer.isBuffer(entry.request.body) ? entry.request.body : undefined,
      answered: entry.response.getHeaders(),
    }));
  }
}

function describe({ name, response }: Entry): string {
  if (response.writableEnded) return `${name} ${response.statusCode}`;
  return `${name} ${response.destroyed ? "gone" : "pending"}`;
}
