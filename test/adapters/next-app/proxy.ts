import { sessionProxy } from "counterfoil/next";
import { faultOf } from "./lib/setup.ts";
import { setup } from "./lib/current-setup.ts";
import { shopProxy } from "./lib/shop-proxy.js";

export async function proxy(request: Request): Promise<Response> {
  if (/^\/shop(?:\/|$)/.test(new URL(request.url).pathname)) return shopProxy(request);
  try {
    return await sessionProxy(setup().instance)(request);
  } catch (error) {
    return Response.json(faultOf(error), { status: 500 });
  }
}

// Route handlers answer the ready routes: from a proxy, Next drops headers without a value, which
// clear the tokens of header transport.
export const config = {
  matcher: ["/shop/:path*", "/page", "/page-fresh", "/page-fresh-maybe", "/page-checked", "/page-admin", "/late"],
};
