import { AsyncLocalStorage } from "node:async_hooks";
import { on, type SessionEventName, type SessionEvents } from "counterfoil";
import type { RequestHandler } from "express";
import { PLAYED_BY } from "./agents.ts";
import type { Stories } from "./stories.ts";
import { visitorOf } from "./visitor.ts";

/**
 * The library's events as server-sent events. They hold no secret; even so each visitor gets only
 * those of their own story.
 */
export interface EventStream {
  /** Remembers for the events whose request they came from. */
  readonly noteWhoAsks: RequestHandler;
  readonly serve: RequestHandler;
}

interface Asking {
  readonly by: string;
  readonly visitor: string | undefined;
}

const SHOWN: readonly SessionEventName[] = [
  "session-created",
  "session-refreshed",
  "session-revoked",
  "reuse-detected",
  "store-behind",
];

export function createEventStream(stories: Stories): EventStream {
  const requests = new AsyncLocalStorage<Asking>();

  function publish(name: SessionEventName, event: SessionEvents[SessionEventName]): void {
    const asking = requests.getStore();
    const handles = handlesOf(event);
    if (name === "session-created" && asking?.visitor !== undefined)
      for (const handle of handles) stories.own(asking.visitor, handle);
    stories.tell(handles, (own) => JSON.stringify({ ...event, name, at: Date.now(), by: asking?.by, handles: own }));
  }
  for (const name of SHOWN) on(name, (event) => publish(name, event));

  return {
    noteWhoAsks(request, _response, next) {
      requests.run({ by: request.get(PLAYED_BY) ?? "browser", visitor: visitorOf(request) }, next);
    },

    serve(request, response) {
      const visitor = visitorOf(request);
      if (visitor === undefined) {
        response.status(400).json({ message: "load the page first: it gives this browser its story" });
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.flushHeaders();
      const stop = stories.listen(visitor, Number(request.get("last-event-id") ?? 0), {
        hear: ({ id, text }) => void response.write(`id: ${id}\ndata: ${text}\n\n`),
        end: () => void response.end(),
      });
      response.on("close", stop);
    },
  };
}

function handlesOf(event: SessionEvents[SessionEventName]): readonly string[] {
  if ("handles" in event) return event.handles;
  return "handle" in event ? [event.handle] : [];
}
