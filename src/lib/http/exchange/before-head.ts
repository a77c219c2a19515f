import type { OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";
import type { ResponseHead } from "./exchange.ts";

/** The used part of a response of Node, over HTTP/1.1 or HTTP/2. */
export interface HeadedResponse {
  readonly headersSent: boolean;
  appendHeader(name: string, value: string | string[]): unknown;
  getHeader(name: string): OutgoingHttpHeader | undefined;
  removeHeader(name: string): unknown;
  setHeader(name: string, value: OutgoingHttpHeader): unknown;
}
type Change = (head: ResponseHead) => void;
type WriteHead = (this: Writer, status: number, ...rest: readonly unknown[]) => unknown;

const CHANGES = Symbol("counterfoil.changes");
const WRITE_HEAD = Symbol("counterfoil.writeHead");

/** A response and the changes to its head. Properties cost less than weak maps and closures. */
interface Writer extends HeadedResponse {
  writeHead: WriteHead;
  [CHANGES]?: Change[];
  [WRITE_HEAD]?: WriteHead;
}

/**
 * Calls `change` just before the head of a response is written, by the app, by us or by Node. The
 * latest change runs first, and a given status message stays.
 */
export function beforeHead(response: HeadedResponse, change: Change): void {
  const writer = response as Writer;
  if (writer[CHANGES] !== undefined) {
    writer[CHANGES].unshift(change);
    return;
  }
  writer[CHANGES] = [change];
  writer[WRITE_HEAD] = writer.writeHead;
  writer.writeHead = writeChanged;
}

function writeChanged(this: Writer, status: number, ...rest: readonly unknown[]): unknown {
  const writeHead = this[WRITE_HEAD] as WriteHead;
  // Responses such as 100 Continue are not final, and sent headers can no longer be changed.
  if (this.headersSent || status < 200) return writeHead.call(this, status, ...rest);
  const isBare = rest.length === 0;
  if (!isBare) takeOver(this, rest.find((one) => typeof one === "object" && one !== null) as GivenHeaders | undefined);
  const changes = this[CHANGES] as Change[];
  this[CHANGES] = [];
  const head = new HeadOf(this, status);
  for (const change of changes) change(head);
  // Node's own calls have the status alone.
  return isBare ? writeHead.call(this, status) : writeHead.call(this, status, ...rest.filter(isMessage));
}

class HeadOf implements ResponseHead {
  readonly status: number;
  readonly #response: HeadedResponse;

  constructor(response: HeadedResponse, status: number) {
    this.status = status;
    this.#response = response;
  }

  get(name: string): string | undefined {
    return textOf(this.#response.getHeader(name));
  }

  set(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

const isMessage = (one: unknown): boolean => typeof one === "string";

type GivenHeaders = OutgoingHttpHeaders | readonly unknown[];

/** Sets the headers of a `writeHead` call as Node would: a list replaces, and may repeat a name. */
function takeOver(response: HeadedResponse, given: GivenHeaders | undefined): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    const headers = given as OutgoingHttpHeaders;
    for (const name of Object.keys(headers)) response.setHeader(name, headers[name] as OutgoingHttpHeader);
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
