import { generalError } from "../errors.ts";
import { quote } from "../notices.ts";
import type { SectionReader } from "../options/config-reader.ts";
import type { SessionEventName, SessionEvents } from "../session/events.ts";
import type { UserId } from "../session/user-id.ts";

/** For each event the records of another format; undefined if that format has none for it. */
export type MapperTable<Fact> = {
  readonly [E in SessionEventName]: ((event: SessionEvents[E]) => readonly Fact[]) | undefined;
};

/** @throws SessionError `ARGUMENT_INVALID` for a name that is not in the table */
export function mapEvent<Fact, E extends SessionEventName>(
  table: MapperTable<Fact>,
  name: E,
  event: SessionEvents[E],
): readonly Fact[] {
  if (!Object.hasOwn(table, name)) throw unknownEvent(name, Object.keys(table));
  return table[name]?.(event) ?? [];
}

const unknownEvent = (name: unknown, known: readonly string[]): Error =>
  generalError(
    "ARGUMENT_INVALID",
    `there is no event ${typeof name === "string" ? quote(name) : `whose name is of type ${typeof name}`}; known are ${known.join(", ")}`,
  );

/** As the `sub` of an access token. */
export const subjectOf = (userId: UserId): string => (Object.is(userId, -0) ? "-0" : String(userId));

/** In ms since the epoch. @returns now if the option is omitted */
export const readTime = (section: SectionReader): number =>
  section.count("time", 0, Number.MAX_SAFE_INTEGER) ?? Date.now();

/** An option that must be given. */
export function readText(section: SectionReader, name: string): string {
  const text = section.text(name, notEmpty);
  if (text === undefined && !section.has(name)) section.fault(name, "WRONG_TYPE", "is missing; write a string");
  return text ?? "";
}

export const notEmpty = (text: string): string | undefined =>
  text === "" ? "write a string that is not empty" : undefined;
