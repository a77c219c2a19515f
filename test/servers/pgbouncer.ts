import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { findBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { type PostgresClient, SUPERUSER } from "./postgres-server.ts";
import { createServerFolder } from "./server-folder.ts";
import { type ServerLifecycle, startServerProcess } from "./server-process.ts";
import { findSystemUser, isRoot } from "./system-user.ts";

export type PoolMode = "transaction" | "session" | "statement";

export interface PgBouncer extends ServerLifecycle {
  readonly port: number;
  /** A database of the server by way of a pool of this mode. */
  url(database: string, mode: PoolMode): string;
}

const HOST = "127.0.0.1";

/** A PgBouncer in front of a server, with a pool of few connections for each mode and database. */
export async function startPgBouncer(server: PostgresClient, databases: readonly string[]): Promise<PgBouncer> {
  const port = await freePort();
  // It refuses to be root.
  const owner = isRoot() ? findSystemUser("postgres") : undefined;
  const folder = createServerFolder("pgbouncer", owner);
  const file = join(folder.path, "pgbouncer.ini");
  const users = join(folder.path, "users.txt");
  writeFileSync(users, '"any" ""\n');
  const place = `host=${server.socketPath} port=${server.port} user=${SUPERUSER}`;
  const modes: readonly PoolMode[] = ["transaction", "session", "statement"];
  const entries = databases.flatMap((name) =>
    modes.map(
      (mode) => `${name}_${mode} = ${place} dbname=${name} pool_mode=${mode} pool_size=${mode === "session" ? 20 : 4}`,
    ),
  );
  writeFileSync(
    file,
    [
      "[databases]",
      ...entries,
      "[pgbouncer]",
      `listen_addr = ${HOST}`,
      `listen_port = ${port}`,
      "unix_socket_dir =",
      // Without a password, and only these users.
      "auth_type = trust",
      `auth_file = ${users}`,
      "max_client_conn = 200",
      "",
    ].join("\n"),
  );
  const lifecycle = await startServerProcess({
    folder,
    command: findBinary("pgbouncer"),
    args: () => [file],
    user: owner,
    isReady: () =>
      new Promise((resolve) => {
        const socket = connect(port, HOST, () => resolve(socket.destroy() !== undefined));
        socket.on("error", () => resolve(false));
      }),
  });
  return { ...lifecycle, port, url: (database, mode) => `postgres://any@${HOST}:${port}/${database}_${mode}` };
}
