import { sqlite } from "counterfoil/sqlite";
import { memory } from "counterfoil/memory";
import { listenWeb } from "../../test/adapters/web.ts";
import { createHost } from "./hosted-app.ts";

const { port } = await listenWeb(
  createHost({ memory: () => memory(), "node:sqlite": () => sqlite({ path: ":memory:" }) }),
);
console.log(JSON.stringify({ port }));
