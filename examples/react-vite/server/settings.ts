import { fileURLToPath } from "node:url";

/** What differs from one place to another. */
export interface Settings {
  readonly port: number;
  /** The origin of the API, as browsers see it. */
  readonly publicOrigin: string;
  /** The origin of the page. Undefined if the API serves the page itself. */
  readonly pageOrigin?: string | undefined;
  /** A domain that both origins share, so that the page can see whether there is a session. */
  readonly cookieDomain?: string | undefined;
  /** The path of the SQLite file, which has users and sessions. */
  readonly database: string;
  /** The folder of the page, as `npm run build` makes it. In development Vite serves the page. */
  readonly page: string;
  /** Undefined: one is made into a file, in development only. */
  readonly secret?: string | undefined;
  /** Another clock, for tests. */
  readonly clock?: (() => number) | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const port = Number(env["PORT"] ?? 4000);
  return {
    port,
    publicOrigin: env["PUBLIC_ORIGIN"] ?? `http://localhost:${port}`,
    pageOrigin: env["PAGE_ORIGIN"],
    cookieDomain: env["COOKIE_DOMAIN"],
    database: env["DATABASE"] ?? "app.db",
    page: fileURLToPath(new URL("../dist", import.meta.url)),
    secret: env["COUNTERFOIL_SECRET"],
  };
}
