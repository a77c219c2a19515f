export { shopProxy as middleware } from "./lib/shop-proxy.js";

export const config = { runtime: "nodejs", matcher: "/shop/:path*" };
