import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { createServerFolder } from "./server-folder.ts";
import { type ServerLifecycle, startServerProcess } from "./server-process.ts";

export interface Nginx extends ServerLifecycle {
  readonly port: number;
}

/**
 * An nginx of the test's own in front of a server.
 *
 * @param upstream port of that server, on 127.0.0.1
 * @param settings directives of its location, beside `proxy_pass`. `zone` is a cache
 * @param more other locations
 */
export async function startNginx(upstream: number, settings = "", more = ""): Promise<Nginx> {
  const port = await freePort();
  const folder = createServerFolder("nginx");
  const at = (name: string): string => join(folder.path, name);
  for (const name of ["body", "proxy", "fastcgi", "uwsgi", "scgi", "cache"]) mkdirSync(at(name));
  const temporary = ["fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${at(kind)};`);
  // Without a master it needs no other user, and ends with its only process.
  const config = `
    daemon off; master_process off; pid ${at("nginx.pid")}; error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path ${at("body")}; proxy_temp_path ${at("proxy")}; ${temporary.join(" ")}
      proxy_cache_path ${at("cache")} keys_zone=zone:1m;
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://127.0.0.1:${upstream}; ${settings} }
        ${more}
      }
    }`;
  writeFileSync(at("nginx.conf"), config);
  const lifecycle = await startServerProcess({
    folder,
    command: findBinary("nginx"),
    args: () => ["-p", folder.path, "-c", at("nginx.conf"), "-e", "stderr"],
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/`)).status > 0,
  });
  return { ...lifecycle, port };
}
