/** The shared options of stores on a server: the app's own connection, a URL, or its parts. */
import { type SectionReader, UNSET } from "../options/config-reader.ts";

interface Source {
  /** The option for the app's own pool or client. */
  readonly given: "pool" | "client";
  /** Whether the app passed one. */
  readonly isGiven: boolean;
  readonly url: string | undefined;
  /** The parts that a URL has, too. */
  readonly target: Readonly<Record<string, unknown>>;
  /** Other options for a connection that the store makes. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The names of the parts, for instance `"host, user, password and database"`. */
  readonly parts: string;
}

/** Reports a config that does not say where to connect, or says it twice. */
export function checkSource(section: SectionReader, { given, isGiven, url, target, settings, parts }: Source): void {
  // An unset environment variable must not silently connect to localhost.
  for (const name of [given, "url"]) {
    if (section.isUnset(name) && !isGiven && url === undefined) section.fault(name, "MISSING", UNSET);
  }
  const part = nameOfFirst(target);
  if (!section.has(given) && !section.has("url") && part === undefined)
    section.fault("url", "MISSING", `nothing says how to connect; give ${given}, url, or ${parts}`);
  const own = nameOfFirst({ url, ...target, ...settings });
  if (isGiven && own !== undefined)
    section.fault(
      own,
      "CONTRADICTION",
      `is for a ${given} of our own, and ${given} is one of yours; leave one of them out`,
    );
  if (url !== undefined && part !== undefined)
    section.fault("url", "CONTRADICTION", `says how to connect, and so does ${part}; leave one of them out`);
}

const nameOfFirst = (options: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(options).find((name) => options[name] !== undefined);

/**
 * @param schemes the URL schemes of this database
 * @param example an example URL
 * @param isOurs an additional condition
 */
export const readUrl = (
  section: SectionReader,
  schemes: readonly string[],
  example: string,
  isOurs: (url: URL) => boolean = () => true,
): string | undefined =>
  section.value(
    "url",
    `a URL, as in "${example}"; a % in the password is written %25`,
    (value: unknown): value is string => {
      if (typeof value !== "string" || !URL.canParse(value)) return false;
      const url = new URL(value);
      const { protocol, username, password, pathname } = url;
      return (
        schemes.includes(protocol.slice(0, -1)) && [username, password, pathname].every(isDecodable) && isOurs(url)
      );
    },
  );

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Without `section.text`, whose errors describe the wrong value. */
export const readPassword = (section: SectionReader): string | undefined =>
  section.value("password", "a string", (value) => typeof value === "string");

/** TLS options: true, or an object. */
export const isTls = (value: unknown): value is boolean | object =>
  typeof value === "boolean" || (typeof value === "object" && value !== null);
