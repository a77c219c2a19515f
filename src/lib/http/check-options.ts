import { isPlainPath } from "../options/base-path.ts";
import { checkAmr } from "../session/amr.ts";
import { toClaimsCheck } from "../session/claims-requirement.ts";
import type { Duration, KnownDuration } from "../options/duration.ts";
import { readWhole, type SectionReader, UNSET } from "../options/config-reader.ts";

/**
 * Checks the options of a route when it is made: a misspelt option would leave it unprotected.
 * @throws ConfigError
 */
function check(options: unknown, name: string, read: (section: SectionReader) => void): void {
  readWhole(options, name, (section) => {
    section.value("sessions", "what createSessions returned", (value): value is object => typeof value === "object");
    read(section);
  });
}

export function checkProtectOptions(options: unknown, name: "verifySession" | "getSession"): void {
  if (isPlain(options)) return;
  check(options, name, (section) => {
    if (section.has("requireAmr")) section.value("requireAmr", "a list of methods", isMethods);
    if (section.has("claims")) section.value("claims", "claims and their values", isRequirement);
    section.flag("sessionRequired");
    section.flag("antiCsrfCheck");
    section.flag("page");
    section.flag("refuseActor");
    demandedAge(section, "maxAuthAge");
  });
}

/** An unset environment variable must not take the demand away. */
function demandedAge(section: SectionReader, name: string): void {
  section.duration(name, "0s", "3650d");
  if (section.isUnset(name)) section.fault(name, "MISSING", `${UNSET} If a sign-in of any age will do, leave it out`);
}

/**
 * Whether the options are plainly valid. `getSession` checks them for each request, and the reader
 * of options costs more than the token's check.
 */
function isPlain(options: unknown): boolean {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return false;
  for (const name in options) {
    const value = (options as Record<string, unknown>)[name];
    switch (name) {
      case "sessions":
        if (typeof value !== "object") return false;
        break;
      case "sessionRequired":
      case "antiCsrfCheck":
      case "page":
      case "refuseActor":
        if (typeof value !== "boolean") return false;
        break;
      case "requireAmr":
        if (!isMethods(value)) return false;
        break;
      case "claims":
        if (!isRequirement(value)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

/** @throws SessionError `ARGUMENT_INVALID` */
const isMethods = (value: unknown): value is unknown => checkAmr(value, "requireAmr").length > 0;

/** @throws SessionError `ARGUMENT_INVALID` */
const isRequirement = (value: unknown): value is unknown => toClaimsCheck(value) !== undefined;

/** @param functions names of options that the framework adds */
export function checkRouteOptions(options: unknown, name = "sessionRoutes", ...functions: readonly string[]): void {
  check(options, name, (section) => {
    demandedAge(section, "revokeMaxAuthAge");
    for (const option of functions)
      section.value(option, "a function", (value): value is unknown => typeof value === "function");
  });
}

export function checkInstanceOption(options: unknown, name: string): void {
  check(options, name, () => undefined);
}

/** The checked options of the console. */
export interface ConsoleSettings {
  /** Its path in the app. */
  readonly path: string;
  readonly maxAuthAge: Duration;
}

export function checkConsoleOptions(options: unknown): ConsoleSettings {
  const settings: { path: string; maxAuthAge: Duration } = { path: "/counterfoil", maxAuthAge: "15m" };
  check(options, "console", (section) => {
    section.value("authorize", "a function", (value): value is unknown => typeof value === "function");
    if (!section.has("authorize") || section.isUnset("authorize"))
      section.fault(
        "authorize",
        "MISSING",
        "the console has no sign-in of its own; write authorize: (request) => whether, or under which name, this request may use it",
      );
    const path = section.text("path", (text) =>
      isPlainPath(text) ? undefined : 'write the path of the console in the app, for instance "/counterfoil"',
    );
    if (path !== undefined) settings.path = path;
    if (section.duration("maxAuthAge", "0s", "3650d") !== undefined)
      settings.maxAuthAge = (options as { readonly maxAuthAge: Duration }).maxAuthAge;
  });
  return settings;
}

/** @param more reads the options that another function has beside the details */
export function checkStartDetails(
  details: unknown,
  name = "createNewSession",
  more: (section: SectionReader) => void = () => undefined,
): void {
  const any = (value: unknown): value is unknown => value !== undefined;
  check(details, name, (section) => {
    more(section);
    section.flag("persistent");
    for (const option of ["jwtPayload", "sessionData", "deviceLabel", "authTime", "amr"])
      section.value(option, "a value", any);
    section.value("actor", "{ userId, handle } of the actor, or the actor's session of a request", isObject);
    // Otherwise the session would be one of the user.
    if (section.isUnset("actor")) section.fault("actor", "MISSING", "is undefined; leave it out if the user signs in");
  });
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** @returns the duration in ms; undefined if it was not given */
export function checkSocketOptions(
  options: unknown,
  name: string,
  { option, min, max }: { readonly option: string; readonly min: KnownDuration; readonly max: KnownDuration },
): number | undefined {
  let ms: number | undefined;
  check(options, name, (section) => void (ms = section.duration(option, min, max)));
  return ms;
}
