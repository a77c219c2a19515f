import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

export type ServerKind = "mariadb" | "galera" | "postgres" | "redis" | "nginx" | "pgbouncer";

interface Requirement {
  readonly debianPackage: string;
  /** Names of binaries, or a path where it is one. */
  readonly files: readonly string[];
}

const MARIADB: Requirement = { debianPackage: "mariadb-server", files: ["mariadbd", "mariadb-install-db"] };
const REQUIREMENTS: Readonly<Record<ServerKind, readonly Requirement[]>> = {
  mariadb: [MARIADB],
  galera: [
    MARIADB,
    { debianPackage: "galera-4", files: ["/usr/lib/galera/libgalera_smm.so"] },
    { debianPackage: "mariadb-backup", files: ["mariabackup"] },
    { debianPackage: "socat", files: ["socat"] },
  ],
  postgres: [{ debianPackage: "postgresql", files: ["initdb", "postgres", "pg_basebackup"] }],
  pgbouncer: [{ debianPackage: "pgbouncer", files: ["pgbouncer"] }],
  nginx: [{ debianPackage: "nginx", files: ["nginx"] }],
  redis: [{ debianPackage: "redis-server", files: ["redis-server"] }],
};

/** Debian keeps the servers off the PATH; of PostgreSQL the newest version counts. */
function folders(): string[] {
  const versions = globSync("/usr/lib/postgresql/*/bin").sort((a, b) => versionOf(b) - versionOf(a));
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin", ...versions];
}

const versionOf = (folder: string): number => Number(folder.split("/")[4]);

/**
 * The Debian packages to install before a server of this kind can start, or `undefined` when all is
 * there.
 */
export function missingPackage(kind: ServerKind): string | undefined {
  const missing = REQUIREMENTS[kind].filter(({ files }) => files.some((file) => locate(file) === undefined));
  return missing.length === 0 ? undefined : missing.map(({ debianPackage }) => debianPackage).join(", ");
}

/** The path of a binary; throws where there is none. */
export function findBinary(name: string): string {
  const path = locate(name);
  if (path === undefined) throw new Error(`there is no ${name} on the PATH or in Debian's usual places`);
  return path;
}

function locate(file: string): string | undefined {
  const candidates = file.startsWith("/") ? [file] : folders().map((folder) => join(folder, file));
  const mode = file.endsWith(".so") ? constants.R_OK : constants.X_OK;
  return candidates.find((path) => {
    try {
      accessSync(path, mode);
      return true;
    } catch {
      return false;
    }
  });
}
