import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findBinary } from "./binaries.ts";
import { makeDataOnce } from "./data-template.ts";
import { freePorts } from "./free-port.ts";
import { type MariaDb, type MariaDbClient, newDatabaseName, SMALL_AND_UNSAFE, startMariaDb } from "./mariadb.ts";
import { until } from "./until.ts";

export interface Galera {
  /**
   * Each is a MariaDB server with all its powers. `restart` is done when the node takes part again.
   */
  readonly nodes: readonly MariaDb[];
  /** On all nodes. */
  createDatabase(name?: string): Promise<string>;
  /** Done when the running nodes are ready and see as many nodes as run. */
  waitUntilWhole(): Promise<void>;
  remove(): Promise<void>;
}

const PROVIDER = "/usr/lib/galera/libgalera_smm.so";
const HOST = "127.0.0.1";
const IS_READY = "SHOW STATUS WHERE Variable_name = 'wsrep_ready' AND Value = 'ON'";
/**
 * A node that is killed stops the writes of the others until it counts as gone: 3 seconds, instead
 * of 5.
 */
const TIMEOUTS = "evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT8S";
const WSREP = [
  "--wsrep-on=ON",
  `--wsrep-provider=${PROVIDER}`,
  "--wsrep-cluster-name=counterfoil",
  "--wsrep-sst-method=mariabackup",
  "--wsrep-sst-auth=root:",
  "--binlog-format=ROW",
  "--innodb-autoinc-lock-mode=2",
];

/** A Galera cluster of the test's own. */
export async function startGalera(count = 3): Promise<Galera> {
  const ports = await freePorts(count * 3);
  const places = Array.from({ length: count }, () => ({ id: randomUUID(), ports: ports.splice(0, 3) }));
  const ids = places.map(({ id }) => id).sort();
  const cluster = places.map((place) => `${HOST}:${place.ports[0]}`).join(",");
  // None is ready before all are.
  const nodes = await Promise.all(
    places.map((place) => startNode({ args: argsOf(cluster, place.ports), view: viewOf(place.id, ids) })),
  );

  const waitUntilWhole = async (): Promise<void> => {
    const running = nodes.filter((node) => node.isRunning());
    const isWhole = `SHOW STATUS WHERE (Variable_name = 'wsrep_ready' AND Value = 'ON')
      OR (Variable_name = 'wsrep_cluster_status' AND Value = 'Primary')
      OR (Variable_name = 'wsrep_cluster_size' AND Value = '${running.length}')`;
    await until("the cluster is whole", async () => {
      const rows = await Promise.all(running.map((node) => node.admin(isWhole)));
      return rows.every(({ length }) => length === 3);
    });
  };
  await waitUntilWhole();

  return {
    nodes,
    createDatabase: async (name) =>
      createDatabaseOnAll(
        nodes.filter((node) => node.isRunning()),
        name,
      ),
    waitUntilWhole,
    async remove() {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
}

/** A database that each of these nodes of a cluster knows. */
export async function createDatabaseOnAll(nodes: readonly MariaDbClient[], name = newDatabaseName()): Promise<string> {
  await nodes[0]?.createDatabase(name);
  // One after another, the others hear of it: each is asked for something that it may answer only
  // when it has.
  for (const node of nodes) await node.admin("SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1");
  return name;
}

async function startNode({
  args,
  view,
}: {
  readonly args: readonly string[];
  readonly view: string;
}): Promise<MariaDb> {
  let isNew = true;
  return startMariaDb({
    args,
    async install(to) {
      await makeNodeData(to);
      writeFileSync(join(to, "gvwstate.dat"), view);
    },
    async argsForStart(data) {
      if (!isNew) return [`--wsrep-start-position=${await recoverPosition(data, args)}`];
      isNew = false;
      return [];
    },
    isReadyQuery: IS_READY,
    readyWithin: 240_000,
  });
}

function argsOf(cluster: string, [group, incremental, transfer]: readonly number[]): string[] {
  const provider = `gmcast.listen_addr=tcp://${HOST}:${group};ist.recv_addr=${HOST}:${incremental};gcache.size=32M`;
  return [
    ...WSREP,
    `--wsrep-cluster-address=gcomm://${cluster}`,
    `--wsrep-node-address=${HOST}:${group}`,
    `--wsrep-provider-options=${provider};${TIMEOUTS}`,
    `--wsrep-sst-receive-address=${HOST}:${transfer}`,
  ];
}

/**
 * What a node notes of the cluster that it belongs to. All nodes begin with this and the same data,
 * as after a power cut, so they find together again, and nobody has to copy from another, which
 * takes half a minute.
 */
const viewOf = (own: string, all: readonly string[]): string => `my_uuid: ${own}
#vwbeg
view_id: 3 ${all[0]} ${all.length}
bootstrap: 0
${all.map((id) => `member: ${id} 0`).join("\n")}
#vwend
`;

/** The data of a cluster of one node, stopped in good order. */
async function makeNodeData(to: string): Promise<void> {
  const args = [...WSREP, "--wsrep-cluster-address=gcomm://"];
  const make = async (made: string): Promise<void> => {
    const [port = 0] = await freePorts(1);
    const own = [
      `--wsrep-node-address=${HOST}:${port}`,
      `--wsrep-provider-options=gmcast.listen_addr=tcp://${HOST}:${port}`,
    ];
    const node = await startMariaDb({ args: [...args, ...own], isReadyQuery: IS_READY });
    await node.stop();
    const data = join(dirname(node.socketPath), "data");
    for (const name of ["galera.cache", "gvwstate.dat"]) rmSync(join(data, name), { force: true });
    await promisify(execFile)("cp", ["-a", data, made]);
    await node.remove();
  };
  await makeDataOnce({ program: findBinary("mariadbd"), args: [...SMALL_AND_UNSAFE, ...args], to, make });
}

/**
 * How far a node had come when it was killed, which only the server itself can read from its data.
 */
async function recoverPosition(data: string, args: readonly string[]): Promise<string> {
  const own = [
    "--no-defaults",
    `--datadir=${data}`,
    ...SMALL_AND_UNSAFE,
    ...args,
    "--skip-networking",
    "--socket=recover",
    "--wsrep-recover",
  ];
  const { stderr } = await promisify(execFile)(findBinary("mariadbd"), own, { cwd: data });
  const position = /WSREP: Recovered position: (\S+)/.exec(stderr)?.[1];
  if (position === undefined) throw new Error(`no position in:\n${stderr}`);
  return position;
}
