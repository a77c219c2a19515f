import type { KeyRecord } from "../key/key-record.ts";
import { type KeyState, keyStates } from "../key/key-state.ts";
import { type Command, defineCommand } from "./command.ts";
import { STORE_OPTIONS, STORE_USAGE } from "./open-store.ts";
import { printableTable, printableTime } from "./printable.ts";
import { withContext } from "./with-context.ts";

/** Lists the signing keys. */
export const keysList: Command = defineCommand({
  usage: `counterfoil keys list --store <address> [--prefix counterfoil_] [--json]
  Lists the signing keys, oldest first. Needs no secret, and prints none.
  A key is pending (published, does not sign yet), active (signs) or retired (only verifies).
${STORE_USAGE}`,
  options: STORE_OPTIONS,
  async run(target) {
    const { records, time } = await withContext(target, (context) =>
      context.calls.run(async () => {
        await context.clocks.read();
        return { records: await context.store.listKeys(), time: context.clocks.later() };
      }),
    );
    const states = keyStates(records, time);
    const keys = records.map((record, index) => toKey(record, states[index] ?? "pending", records[index + 1]));
    return {
      text: keys.length === 0 ? "no keys; the app's first start makes one\n" : toText(keys, time),
      json: { keys },
    };
  },
});

interface ListedKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: KeyState;
  /** Times in ms since the epoch. */
  readonly createdAt: number;
  readonly signsFrom: number;
  /** Null for the newest key. */
  readonly signsUntil: number | null;
}

const toKey = (
  { kid, algorithm, createdAt, activatesAt }: KeyRecord,
  state: KeyState,
  next: KeyRecord | undefined,
): ListedKey => ({
  kid,
  algorithm,
  state,
  createdAt,
  signsFrom: activatesAt,
  signsUntil: next?.activatesAt ?? null,
});

const toText = (keys: readonly ListedKey[], time: number): string =>
  printableTable([
    ["KID", "ALGORITHM", "STATE", "AGE", "SIGNS FROM", "SIGNS UNTIL"],
    ...keys.map(({ kid, algorithm, state, createdAt, signsFrom, signsUntil }) => [
      kid,
      algorithm,
      state,
      toAge(time - createdAt),
      printableTime(signsFrom),
      signsUntil === null ? "-" : printableTime(signsUntil),
    ]),
  ]);

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const;

/** In the largest unit of which there are two: `90s`, `3h`, `12d`. */
function toAge(duration: number): string {
  const [unit, length] = UNITS.find(([, each]) => duration >= 2 * each) ?? (["s", 1000] as const);
  return `${Math.max(0, Math.floor(duration / length))}${unit}`;
}
