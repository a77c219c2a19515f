/**
 * A server that stops may say that it is ready and goodbye in one packet. Such a connection must
 * not end the process.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { createSessions } from "counterfoil";
import { postgres } from "counterfoil/postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedPostgres } from "../servers/shared.ts";
import { SECRET } from "./fixtures.ts";

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

function makeGoodbye(): Buffer {
  const fields = ["SFATAL", "VFATAL", "C57P01", "Mterminating connection due to unexpected postmaster exit"];
  const body = Buffer.from(`${fields.join("\0")}\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Leads to the server. The first `count` connections end as soon as they are ready. */
async function startRelay(to: number, count: number): Promise<{ readonly port: number; readonly ended: () => number }> {
  let ended = 0;
  const relay = createServer((client) => {
    const server = connect(to, "127.0.0.1");
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.pipe(server);
    server.on("data", (bytes) => {
      if (ended >= count || !bytes.subarray(-READY.length).equals(READY)) return void client.write(bytes);
      ended += 1;
      client.end(Buffer.concat([bytes, makeGoodbye()]));
      server.destroy();
    });
    server.on("end", () => client.end());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as AddressInfo;
  onTestFinished(() => void relay.close());
  return { port, ended: () => ended };
}

describeWithServer("postgres", "PostgreSQL that stops", () => {
  test.each(["its own pool", "the app's pool", "a connection that listens"])("%s lives through it", async (way) => {
    const server = await sharedPostgres();
    const options = server.connectionOptions(await server.createDatabase());
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtExceptionMonitor", note);
    onTestFinished(() => void process.off("uncaughtExceptionMonitor", note));
    const { port, ended } = await startRelay(options.port, 3);
    const place = { ...options, port };
    const pool = way === "the app's pool" ? new pg.Pool(place).on("error", () => undefined) : undefined;
    onTestFinished(async () => pool?.end());
    const sessions = createSessions({
      store: postgres(pool === undefined ? place : { pool }),
      secret: SECRET,
      ...(way === "a connection that listens"
        ? { tokens: { accessToken: { revocation: "feed", feed: { listen: true } } } }
        : {}),
    });
    onTestFinished(() => sessions.close());
    await expect
      .poll(() =>
        sessions.createNewSession("alice").then(
          ({ session }) => session.userId,
          ({ code }) => code,
        ),
      )
      .toBe("alice");
    expect(ended()).toBe(3);
    expect(uncaught).toEqual([]);
  });
});
