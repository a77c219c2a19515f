import type { OutgoingHttpHeaders } from "node:http";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

/** Subscribes over a WebSocket, and returns what came, or why nothing did. */
export async function subscribe(port: number, query: string, headers: OutgoingHttpHeaders): Promise<unknown> {
  class WithHeaders extends WebSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols, { headers });
    }
  }
  const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WithHeaders, retryAttempts: 0 });
  try {
    for await (const { data, errors } of client.iterate({ query }))
      return errors === undefined ? data : errors.map(({ message }) => message);
    return "nothing";
  } catch (error) {
    return error instanceof Error ? error.message : `closed ${(error as { code?: number }).code}`;
  } finally {
    await client.dispose();
  }
}
