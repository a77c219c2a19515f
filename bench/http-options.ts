import { parseArgs } from "node:util";
import { FRAMEWORKS, type Framework } from "./http-contenders.ts";

export interface HttpOptions {
  readonly frameworks: readonly Framework[];
  readonly rounds: number;
  /** How long a contender is under load in one round, in ms. */
  readonly slice: number;
}

const USAGE = `npm run bench -- http [--framework ${FRAMEWORKS.join(",")}] [--rounds 12] [--slice 400]
  --slice  how long each contender is under load in one round, in ms`;

/** @throws with the usage, for whatever it does not understand */
export function readOptions(args: readonly string[]): HttpOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      framework: { type: "string", default: FRAMEWORKS.join(",") },
      rounds: { type: "string", default: "12" },
      slice: { type: "string", default: "400" },
    },
  });
  const [rounds, slice] = [Number(values.rounds), Number(values.slice)];
  const frameworks = values.framework.split(",");
  if (!frameworks.every(isFramework) || !isCount(rounds) || !isCount(slice)) throw new Error(USAGE);
  return { frameworks, rounds, slice };
}

const isFramework = (name: string): name is Framework => (FRAMEWORKS as readonly string[]).includes(name);
const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
