/** A value of a page as WebDriver BiDi tells it. */
export interface RemoteValue {
  readonly type: string;
  readonly value?: unknown;
  /** Of what stands in several places; it is told in the first. */
  readonly internalId?: string;
}

type Entry = readonly [RemoteValue | string, RemoteValue];

/** The value itself; undefined for what does not travel, such as a function. */
export function fromRemote(remote: RemoteValue, known: Map<string, unknown> = new Map()): unknown {
  const { internalId, value } = remote;
  if (internalId === undefined) return read(remote, known);
  if (value !== undefined) known.set(internalId, read(remote, known));
  return known.get(internalId);
}

function read({ type, value }: RemoteValue, known: Map<string, unknown>): unknown {
  switch (type) {
    case "null":
      return null;
    case "string":
    case "boolean":
      return value;
    // NaN, -0 and the infinities come as their names.
    case "number":
      return Number(value);
    case "array":
      return (value as RemoteValue[]).map((one) => fromRemote(one, known));
    case "object":
      return Object.fromEntries((value as Entry[]).map(([name, one]) => [name, fromRemote(one, known)]));
    default:
      return undefined;
  }
}
