import type { AppChoice } from "./app-choice.ts";

type Ranges = Readonly<Record<string, string>>;

const BASE: Ranges = { "@types/node": "24.19.2", typescript: "7.0.2" };

/** What each choice needs to run, and to be compiled. */
const NEEDS: { readonly [Part in AppChoice[keyof AppChoice]]: { readonly run: Ranges; readonly develop: Ranges } } = {
  express: { run: { express: "5.3.0" }, develop: { "@types/express": "5.0.6" } },
  fastify: { run: { fastify: "5.12.8" }, develop: {} },
  hono: { run: { "@hono/node-server": "2.1.9", hono: "4.13.19" }, develop: {} },
  sqlite: { run: {}, develop: {} },
  postgres: { run: { pg: "8.23.1" }, develop: { "@types/pg": "8.23.1" } },
  plain: { run: {}, develop: {} },
  react: {
    run: { react: "19.3.1", "react-dom": "19.3.1" },
    develop: { "@types/react": "19.3.0", "@types/react-dom": "19.3.0", vite: "8.3.8" },
  },
};

/** What package.json of an app names beside this library: the versions that its tests ran with. */
export function versionsFor({ framework, database, page }: AppChoice): {
  readonly run: Ranges;
  readonly develop: Ranges;
} {
  const needs = [NEEDS[framework], NEEDS[database], NEEDS[page]];
  return {
    run: toRanges(needs.map(({ run }) => run)),
    develop: toRanges([BASE, ...needs.map(({ develop }) => develop)]),
  };
}

function toRanges(parts: readonly Ranges[]): Ranges {
  const pairs = parts.flatMap((part) => Object.entries(part)).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(pairs.map(([name, version]) => [name, `^${version}`]));
}
