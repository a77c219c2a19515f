/**
 * Cookie jars of clients that are no browsers, as far as they differ from RFC 6265, after the
 * documentation and the source of each. None of them runs here.
 */
import type { RawResponse } from "./send.ts";

export interface ClientJar {
  /** Applies the `Set-Cookie` lines of a response. */
  take(answer: RawResponse, now: number): void;
  /** The `Cookie` header for a path. */
  header(path: string): string;
}

interface AttachedSessions {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Whether the client sends it in the manner of RFC 2965. */
  readonly isQuoted: boolean;
}

interface Line {
  readonly name: string;
  readonly value: string;
  /** Value of an attribute; undefined where the line does not have it. */
  readonly of: (this: void, attribute: string) => string | undefined;
}

function parseLine(line: string): Line {
  const [pair = "", ...attributes] = line.split("; ");
  const equals = pair.indexOf("=");
  const found = new Map(attributes.map((attribute) => attribute.toLowerCase().split("=", 2) as [string, string]));
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), of: (attribute) => found.get(attribute) };
}

/** @param keep what the client keeps of a line; undefined where it drops the cookie */
function createJar(
  keep: (line: Line, now: number) => Pick<AttachedSessions, "isQuoted"> | undefined,
  write: (kept: readonly AttachedSessions[]) => string,
): ClientJar {
  const jar = new Map<string, AttachedSessions>();
  return {
    take(answer, now) {
      for (const line of answer.cookies.map(parseLine)) {
        const path = line.of("path") ?? "/";
        const kept = keep(line, now);
        const key = `${line.name} ${path}`;
        if (kept === undefined) jar.delete(key);
        else jar.set(key, { ...kept, name: line.name, value: line.value, path });
      }
    },
    header: (path) => write([...jar.values()].filter((kept) => path.startsWith(kept.path))),
  };
}

const plain = (kept: readonly AttachedSessions[]): string =>
  kept.map(({ name, value }) => `${name}=${value}`).join("; ");

const isFuture = (date: string | undefined, now: number): boolean => date !== undefined && Date.parse(date) > now;

/**
 * `java.net.HttpCookie`, and so `java.net.http.HttpClient` and `HttpURLConnection`: a line with
 * `Max-Age` and without `Expires` is taken for a cookie of RFC 2965, which goes back in quotes.
 */
export const javaJar = (): ClientJar =>
  createJar(
    (line, now) => {
      const isQuoted = line.of("expires") === undefined && line.of("max-age") !== undefined;
      const isKept = isQuoted ? Number(line.of("max-age")) > 0 : isFuture(line.of("expires"), now);
      return isKept ? { isQuoted } : undefined;
    },
    (kept) => {
      if (!kept.some(({ isQuoted }) => isQuoted)) return plain(kept);
      const pairs = kept.map(({ name, value, path }) => `${name}="${value}";$Path="${path}";$Domain="localhost.local"`);
      return ['$Version="1"', ...pairs].join("; ");
    },
  );

/**
 * Jars that look at `Expires` alone: the one of Flutter's SDK, which keeps no cookie without it.
 */
export const expiresJar = (): ClientJar =>
  createJar((line, now) => (isFuture(line.of("expires"), now) ? { isQuoted: false } : undefined), plain);

/** The jar of superagent ignores `Max-Age`: without `Expires` a cookie never ends. */
export const superagentJar = (): ClientJar =>
  createJar((line, now) => {
    const expires = line.of("expires");
    return expires === undefined || isFuture(expires, now) ? { isQuoted: false } : undefined;
  }, plain);

/**
 * curl 7.88 with a file for its cookies: of several that a response deletes, only the last one
 * goes.
 */
export function curlJar(): ClientJar {
  const jar = createJar((line) => (line.of("max-age") === "0" ? undefined : { isQuoted: false }), plain);
  return {
    header: (path) => jar.header(path),
    take(answer, now) {
      const isDeleted = (line: string): boolean => parseLine(line).of("max-age") === "0";
      const last = answer.cookies.findLastIndex(isDeleted);
      const cookies = answer.cookies.filter((line, index) => !isDeleted(line) || index === last);
      jar.take({ ...answer, cookies }, now);
    },
  };
}
