import type { Sessions } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import express, { type Express } from "express";
import type { Agents } from "./agents.ts";
import type { EventStream } from "./event-stream.ts";
import { malware } from "./malware.ts";
import { otherDevices } from "./other-devices.ts";
import { operators } from "./operators.ts";
import { page } from "./page.ts";
import { type Stories, toUserId } from "./stories.ts";
import { TIMES } from "./times.ts";
import { visitorOf } from "./visitor.ts";

export interface Claims {
  readonly name: string;
}

export interface SessionData {
  readonly likes: number;
}

export interface Parts {
  readonly agents: Agents;
  readonly events: EventStream;
  readonly stories: Stories;
}

/** What an app with Counterfoil looks like, and beside it the parts that only a demo has. */
export function createApp(sessions: Sessions<Claims, SessionData>, { agents, events, stories }: Parts): Express {
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
    const visitor = visitorOf(req);
    const userId = toUserId(name, visitor);
    // A browser that signs in begins a new story, without the devices of the one before.
    if (visitor !== undefined && device === "") {
      await sessions.revokeAllSessionsForUser(userId);
      stories.begin(visitor);
    }
    // Here an app would check a password or a passkey.
    await createNewSession(req, res, userId, {
      jwtPayload: { name },
      sessionData: { likes: 0 },
      ...(device === "" ? {} : { deviceLabel: device }),
    });
    res.json({ user: name });
  });

  app.get("/api/me", verifySession(), async (req, res) => {
    const session = sessionOf(req);
    const { name } = session.getJWTPayload();
    const { likes } = await session.getSessionData();
    res.json({ user: name, session: session.getHandle(), likes });
  });

  app.post("/api/like", verifySession(), async (req, res) => {
    res.json(await sessionOf(req).updateSessionData(({ likes }) => ({ likes: likes + 1 })));
  });

  app.get("/demo/times", (_req, res) => void res.json(TIMES));
  app.get("/demo/events", events.serve);
  app.use(otherDevices(agents, sessions));
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
