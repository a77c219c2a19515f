import { d1, type D1DatabaseBinding } from "counterfoil/d1";
import { memory } from "counterfoil/memory";
import { createHost } from "./hosted-app.ts";

interface Environment {
  readonly DB: D1DatabaseBinding;
}

let host: ReturnType<typeof createHost> | undefined;

export default {
  fetch(request: Request, { DB }: Environment): Promise<Response> {
    host ??= createHost({ memory: () => memory(), D1: () => d1(DB) });
    return host(request);
  },
};
