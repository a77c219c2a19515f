import type { NextConfig } from "next";

const config: NextConfig = {
  // Its stores load drivers, and read their tables' SQL from files; neither is in a bundle.
  serverExternalPackages: ["counterfoil"],
  outputFileTracingIncludes: { "/*": ["./node_modules/counterfoil/migrations/**"] },
};

export default config;
