/**
 * Who may import whom, types included. `npm run layers` prints the folders of src with their
 * arrows, and fails on an arrow that the table does not have, on folders that import each other, on
 * files that import each other in a circle, and on a row or an entry of the table that nothing
 * needs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Each folder of src/lib and what it may import. A folder stands below those that import it. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // Files of src/lib itself: errors, the policy's type, the clock.
  lib: ["protocol"],
  options: ["lib"],
  crypto: ["lib"],
  key: ["lib", "crypto"],
  token: ["lib", "crypto", "key"],
  revocation: ["lib"],
  session: ["protocol", "lib", "options", "crypto", "key", "revocation", "token"],
  store: ["lib", "options", "key", "revocation", "session"],
  "store/sql": ["lib", "key", "revocation", "session", "store"],
  "store/redis": ["lib", "options", "key", "revocation", "session", "store"],
  // It shares the statements of SQL.
  "store/sqlite": ["lib", "key", "revocation", "session", "store", "store/sql"],
  "http/exchange": ["lib"],
  // It is SQLite, over a network.
  "store/d1": ["lib", "session", "store", "store/sql"],
  http: ["protocol", "lib", "options", "session", "http/exchange"],
  "http/console": ["protocol", "lib", "options", "key", "session", "http", "http/exchange"],
  "http/adapters": ["protocol", "lib", "options", "session", "http", "http/exchange", "http/console"],
  "http/websocket": ["lib", "options", "session", "http", "http/exchange"],
  config: ["protocol", "lib", "options", "session"],
  // What events, stats and operations of the store look like elsewhere.
  telemetry: ["lib", "options", "session"],
  opentelemetry: ["lib", "options", "session"],
  "testing/store": ["key", "revocation", "session"],
  "testing/http": ["session", "config"],
  // It signs users in by the code of the adapters.
  testing: ["protocol", "lib", "options", "session", "http", "http/exchange", "http/adapters"],
  // The half of browsers shares the wire with the server, and nothing else.
  browser: ["protocol"],
  "browser/xhr": ["browser"],
  "browser/worker": ["browser"],
  "browser/devices": ["protocol", "browser"],
  "browser/open-pages": ["protocol", "browser"],
  "browser/testing": ["browser"],
  "browser/react": ["protocol", "browser", "browser/devices"],
  // The files of src, but for protocol.ts, which imports nothing.
  entries: [
    "protocol",
    "lib",
    "options",
    "key",
    "session",
    "config",
    "store",
    "store/sql",
    "store/redis",
    "store/sqlite",
    "store/d1",
    "http",
    "http/exchange",
    "http/adapters",
    "http/websocket",
    "browser",
    "browser/xhr",
    "browser/worker",
    "browser/react",
    "browser/devices",
    "browser/open-pages",
    "browser/testing",
    "telemetry",
    "opentelemetry",
    "testing",
    "testing/store",
    "testing/http",
  ],
  "cli/doctor": ["protocol", "lib", "options", "crypto", "key", "session", "config", "store", "entries"],
  // What `counterfoil init` writes.
  "cli/init": [],
  cli: [
    "protocol",
    "lib",
    "options",
    "crypto",
    "key",
    "session",
    "config",
    "store",
    "entries",
    "cli/doctor",
    "cli/init",
  ],
};

export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** What a tree of sources has, by folder. */
export interface Layers {
  /** File to the files that it imports, by path below src. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  /** Folder to how many files it has. */
  readonly folders: ReadonlyMap<string, number>;
  /** One for each pair of folders. */
  readonly arrows: readonly Arrow[];
}

const folderOf = (file: string): string => {
  if (file === "protocol.ts") return "protocol";
  if (!file.startsWith("lib/")) return "entries";
  const folder = dirname(file);
  return folder === "lib" ? folder : folder.slice("lib/".length);
};

const IMPORT = /(?:from|import\(|^import)\s*"(\.[^"]+)"/gm;

export function toLayers(imports: ReadonlyMap<string, readonly string[]>): Layers {
  const folders = new Map<string, number>();
  for (const file of imports.keys()) folders.set(folderOf(file), (folders.get(folderOf(file)) ?? 0) + 1);
  const arrows = new Map<string, Arrow>();
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const [from, to] = [folderOf(file), folderOf(target)];
      if (from !== to) arrows.set(`${from} ${to}`, { from, to });
    }
  }
  return { imports, folders, arrows: [...arrows.values()] };
}

/** @param root path of `src` @returns each file below it with the files that it imports */
export function readImports(root: string): Map<string, readonly string[]> {
  const files = readdirSync(root, { recursive: true })
    .map((file) => String(file).replaceAll("\\", "/"))
    .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return [file, [...text.matchAll(IMPORT)].map(([, to = ""]) => join(dirname(file), to))];
    }),
  );
}

/** What is wrong, a sentence each. */
export function findFaults({ imports, folders, arrows }: Layers, table = MAY_IMPORT): string[] {
  const allowed = (arrow: Arrow): boolean => (table[arrow.from] ?? []).includes(arrow.to);
  const seen = (arrow: Arrow): boolean => arrows.some(({ from, to }) => from === arrow.from && to === arrow.to);
  const rows = Object.entries(table).flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
  return [
    ...arrows.filter((arrow) => !allowed(arrow)).map(({ from, to }) => `${from} may not import ${to}`),
    ...arrows
      .filter(({ from, to }) => from < to && seen({ from: to, to: from }))
      .map(({ from, to }) => `${from} and ${to} import each other`),
    ...findCircles(rows).map((circle) => `the table has a circle: ${circle}`),
    ...findCircles([...imports].flatMap(([from, targets]) => targets.map((to) => ({ from, to })))).map(
      (circle) => `files import each other: ${circle}`,
    ),
    ...Object.keys(table)
      .filter((folder) => !folders.has(folder))
      .map((folder) => `the table has ${folder}, and there is no such folder`),
    ...rows
      .filter((row) => !seen(row))
      .map(({ from, to }) => `nothing in ${from} imports ${to}; take it out of the table`),
  ];
}

/** One for each way back to a node that is being looked at. */
function findCircles(arrows: readonly Arrow[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of arrows) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) circles.push([...path.slice(path.indexOf(node)), node].join(" > "));
    if (path.includes(node) || done.has(node)) return;
    for (const target of targets.get(node) ?? []) visit(target, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) visit(node, []);
  return circles;
}

/** Files and folders that each folder imports, lowest first. */
function describe({ folders, arrows }: Layers): string {
  const heights = new Map<string, number>();
  const heightOf = (folder: string): number => {
    const known = heights.get(folder);
    if (known !== undefined) return known;
    heights.set(folder, 0);
    const below = arrows.filter(({ from }) => from === folder).map(({ to }) => heightOf(to) + 1);
    heights.set(folder, Math.max(0, ...below));
    return Math.max(0, ...below);
  };
  return [...folders]
    .map(([folder, files]) => ({ folder, files, height: heightOf(folder) }))
    .toSorted((one, other) => one.height - other.height || one.folder.localeCompare(other.folder))
    .map(({ folder, files, height }) => {
      const targets = arrows.filter(({ from }) => from === folder).map(({ to }) => to);
      return `${String(height).padStart(2)}  ${folder.padEnd(15)}${String(files).padStart(4)} files  ${targets.toSorted().join(", ")}`;
    })
    .join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const layers = toLayers(readImports(new URL("../src", import.meta.url).pathname));
  const faults = findFaults(layers);
  console.log(
    `${describe(layers)}\n${layers.folders.size} folders, ${layers.arrows.length} arrows, ${faults.length} faults`,
  );
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
