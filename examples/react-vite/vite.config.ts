import { defineConfig } from "vite";

export default defineConfig({
  root: "page",
  // The API trusts this very origin, so another port would not do.
  server: { port: 5173, strictPort: true },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // "use client" says nothing to a page that is not rendered on a server.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
