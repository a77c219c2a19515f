import type { Sessions } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import express, { type Express } from "express";
import type { Agents } from "./agents.ts";
import type { EventStream } from "./event-stream.ts";
import { malware } from "./malware.ts";
import { otherDevices } from "./other-devices.ts";
import { operators } from "./operators.ts";
import { page } from "./page.ts";
import { TIMES } from "./times.ts";

export interface SessionData {
  readonly likes: number;
}

/** What an app with Counterfoil looks like, and beside it the parts that only a demo has. */
export function createApp(sessions: Sessions<unknown, SessionData>, agents: Agents, events: EventStream): Express {
  const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);
  const app = express();
  app.disable("x-powered-by");
  // Lets the devices that this process plays come from other networks, by X-Forwarded-For.
  app.set("trust proxy", "loopback");
  app.use(events.noteWhoAsks);

  app.use(sessionRoutes());

  app.post("/login", express.urlencoded({ extended: false, limit: "1kb" }), async (req, res) => {
    const { name, device } = readFields(req.body);
    if (name === "" || name.length > 40) {
      res.status(400).json({ message: "give a name of 1 to 40 characters, as in name=alice" });
      return;
    }
    // Here an app would check a password or a passkey.
    await createNewSession(req, res, name, {
      sessionData: { likes: 0 },
      ...(device === "" ? {} : { deviceLabel: device }),
    });
    res.json({ user: name });
  });

  app.get("/api/me", verifySession(), async (req, res) => {
    const session = sessionOf(req);
    const { likes } = await session.getSessionData();
    res.json({ user: session.getUserId(), session: session.getHandle(), likes });
  });

  app.post("/api/like", verifySession(), async (req, res) => {
    res.json(await sessionOf(req).updateSessionData(({ likes }) => ({ likes: likes + 1 })));
  });

  app.get("/demo/times", (_req, res) => void res.json(TIMES));
  app.get("/demo/events", verifySession(), events.serve);
  app.use(otherDevices(agents));
  app.use(malware(agents));
  app.use(operators(sessions));
  app.use(page());

  app.use(errorHandler());
  return app;
}

function readFields(body: unknown): { readonly name: string; readonly device: string } {
  const fields = (body ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
  return { name: text(fields["name"]), device: text(fields["device"]) };
}
