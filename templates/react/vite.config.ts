import { defineConfig } from "vite";

const api = "http://localhost:3000";

export default defineConfig({
  root: "page",
  // Browsers see one origin, so there is no CORS.
  server: { port: 5173, strictPort: true, proxy: { "/api/": api, "/session/": api } },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // "use client" says nothing to a page that is not rendered on a server.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
