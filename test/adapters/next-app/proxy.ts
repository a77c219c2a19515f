import { sessionProxy } from "counterfoil/next";
import { faultOf } from "./lib/setup.ts";
import { setup } from "./lib/current-setup.ts";

export async function proxy(request: Request): Promise<Response> {
  try {
    return await sessionProxy(setup().instance)(request);
  } catch (error) {
    return Response.json(faultOf(error), { status: 500 });
  }
}

// Route handlers answer the ready routes: from a proxy, Next drops headers without a value, which clear the tokens of header transport.
export const config = { matcher: ["/page", "/page-fresh", "/page-fresh-maybe", "/page-checked"] };
