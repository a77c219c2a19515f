import type { BuildOptions } from "esbuild";

/** How a bundle for a Web runtime is made: modules resolve as wrangler resolves them. */
export const WEB_BUNDLE = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "browser"],
  external: ["node:*", "cloudflare:*"],
  target: "es2023",
  logLevel: "error",
  write: false,
} as const satisfies BuildOptions;
