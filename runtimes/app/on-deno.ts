import { sqlite } from "counterfoil/sqlite";
import { memory } from "counterfoil/memory";
import { createHost } from "./hosted-app.ts";

/** The parts of Deno that are used here. */
interface Deno {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly onListen: (address: { readonly port: number }) => void;
    },
    handler: (request: Request) => Promise<Response>,
  ): unknown;
}
declare const Deno: Deno;

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(JSON.stringify({ port })) },
  createHost({ memory: () => memory(), "node:sqlite": () => sqlite({ path: ":memory:" }) }),
);
