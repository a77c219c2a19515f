import { sqlite, type SqliteDatabase } from "counterfoil/sqlite";
import { memory } from "counterfoil/memory";
import { createHost } from "./hosted-app.ts";

/** The parts of Bun that are used here. */
interface Bun {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    readonly fetch: (request: Request) => Promise<Response>;
  }): { readonly port: number };
}
declare const Bun: Bun;

// In a variable, because the compiler knows no module of this name.
const module: string = "bun:sqlite";
const { Database } = (await import(module)) as { readonly Database: new (path: string) => SqliteDatabase };

const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: createHost({
    memory: () => memory(),
    "node:sqlite": () => sqlite({ path: ":memory:" }),
    "bun:sqlite": () => sqlite({ database: new Database(":memory:") }),
  }),
});
console.log(JSON.stringify({ port }));
