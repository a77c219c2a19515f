import { AsyncLocalStorage } from "node:async_hooks";
import { on, type SessionEventName, type SessionEvents } from "counterfoil";
import { sessionOf } from "counterfoil/express";
import type { RequestHandler } from "express";
import { PLAYED_BY } from "./agents.ts";

/**
 * The library's events as server-sent events. They hold no secret; even so each user gets only
 * those of their own sessions.
 */
export interface EventStream {
  /** Remembers for the events whose request they came from. */
  readonly noteWhoAsks: RequestHandler;
  /** Behind `verifySession()`. */
  readonly serve: RequestHandler;
}

interface Entry {
  readonly id: number;
  readonly userId: unknown;
  readonly text: string;
}

const HISTORY = 200;
const SHOWN: readonly SessionEventName[] = [
  "session-created",
  "session-refreshed",
  "session-revoked",
  "reuse-detected",
  "store-behind",
];

export function createEventStream(): EventStream {
  const asking = new AsyncLocalStorage<string>();
  const listeners = new Set<(entry: Entry) => void>();
  const owners = new Map<string, unknown>();
  let history: readonly Entry[] = [];
  let id = 0;

  function publish(name: SessionEventName, event: SessionEvents[SessionEventName]): void {
    const handles = handlesOf(event);
    const userId = "userId" in event ? event.userId : owners.get(handles[0] ?? "");
    if (name === "session-created") for (const handle of handles) owners.set(handle, userId);
    if (name === "session-revoked") for (const handle of handles) owners.delete(handle);

    id += 1;
    const data = JSON.stringify({ name, at: Date.now(), by: asking.getStore(), handles, ...event });
    const entry = { id, userId, text: `id: ${id}\ndata: ${data}\n\n` };
    history = [...history, entry].slice(-HISTORY);
    for (const listener of listeners) listener(entry);
  }
  for (const name of SHOWN) on(name, (event) => publish(name, event));

  return {
    noteWhoAsks(request, _response, next) {
      asking.run(request.get(PLAYED_BY) ?? "browser", next);
    },

    serve(request, response) {
      const userId = sessionOf(request).getUserId();
      const send = (entry: Entry): void => {
        if (entry.userId === userId) response.write(entry.text);
      };
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const seen = Number(request.get("last-event-id") ?? 0);
      for (const entry of history) if (entry.id > seen) send(entry);
      listeners.add(send);
      response.on("close", () => listeners.delete(send));
    },
  };
}

function handlesOf(event: SessionEvents[SessionEventName]): readonly string[] {
  if ("handles" in event) return event.handles;
  return "handle" in event ? [event.handle] : [];
}
