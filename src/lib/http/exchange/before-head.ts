import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { AnswerHead } from "./exchange.ts";

/** What is used of a response of Node's own, over HTTP/1.1 or HTTP/2. */
export interface HeadedResponse {
  readonly headersSent: boolean;
  appendHeader(name: string, value: string | string[]): unknown;
  getHeader(name: string): OutgoingHttpHeader | undefined;
  removeHeader(name: string): unknown;
  setHeader(name: string, value: OutgoingHttpHeader): unknown;
}
type Change = (head: AnswerHead) => void;
type WriteHead = (status: number, ...rest: readonly unknown[]) => unknown;

const changesOf = new WeakMap<object, Change[]>();

/**
 * Calls `change` when the head of a response is about to be written, by the app or by us: Node
 * calls `writeHead` itself where nobody else does. The latest change is called first, and the
 * status message that was given stays.
 */
export function beforeHead(response: HeadedResponse, change: Change): void {
  const known = changesOf.get(response);
  if (known !== undefined) {
    known.unshift(change);
    return;
  }
  const changes = [change];
  changesOf.set(response, changes);
  const writer = response as HeadedResponse & { writeHead: WriteHead };
  const writeHead = writer.writeHead.bind(response);
  writer.writeHead = (status, ...rest) => {
    // 100 Continue and the like are no answer yet, and what is sent can no longer be changed.
    if (response.headersSent || status < 200) return writeHead(status, ...rest);
    takeOver(response, rest.find((one) => typeof one === "object" && one !== null) as GivenHeaders | undefined);
    const head: AnswerHead = {
      status,
      get: (name) => textOf(response.getHeader(name)),
      set: (name, value) => void response.setHeader(name, value),
    };
    for (const one of changes.splice(0)) one(head);
    return writeHead(status, ...rest.filter((one) => typeof one === "string"));
  };
}

type GivenHeaders = OutgoingHttpHeaders | readonly unknown[];

/**
 * Sets the headers that `writeHead` was given as Node would: a list replaces, and may repeat a
 * name.
 */
function takeOver(response: HeadedResponse, given: GivenHeaders | undefined): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as OutgoingHttpHeaders))
      response.setHeader(name, value as OutgoingHttpHeader);
    return;
  }
  const list = given as readonly unknown[];
  const pairs = Array.isArray(list[0]) ? (list as [string, string][]) : pairsOf(list as readonly string[]);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) response.appendHeader(name, value);
}

const pairsOf = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, flat[index + 1] ?? ""]] : []));

const textOf = (value: OutgoingHttpHeader | undefined): string | undefined =>
  Array.isArray(value) ? value.join(", ") : value === undefined ? undefined : String(value);
