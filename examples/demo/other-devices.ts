import type { Sessions } from "counterfoil";
import { parseMarker } from "counterfoil/protocol";
import { sessionsFor } from "counterfoil/express";
import { type Request, type Response, Router } from "express";
import type { Agents, Identity } from "./agents.ts";
import type { Claims, SessionData } from "./app.ts";
import { cookiesOfDevice, visitorOf } from "./visitor.ts";

const DEVICES: readonly [Identity, ...Identity[]] = [
  {
    name: "Phone",
    userAgent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ip: "198.51.100.23",
  },
  {
    name: "Laptop",
    userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
    ip: "192.0.2.41",
  },
  {
    name: "Tablet",
    userAgent:
      "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36",
    ip: "198.51.100.77",
  },
];

/**
 * `POST /demo/devices`: the signed-in user signs in on another device as well, so that there is one
 * to end.
 */
export function otherDevices(agents: Agents, sessions: Sessions<Claims, SessionData>): Router {
  const { sessionOf, verifySession } = sessionsFor(sessions);
  const router = Router();

  router.post("/demo/devices", verifySession(), async (req: Request, res: Response) => {
    const session = sessionOf(req);
    const others = (await sessions.getAllSessionHandlesForUser(session.getUserId())).length - 1;
    const identity = DEVICES[others % DEVICES.length] ?? DEVICES[0];
    const agent = agents.create(identity, cookiesOfDevice(visitorOf(req)));
    const { marker } = await agent.signIn(session.getJWTPayload().name);
    res.json({ agent: agent.id, name: identity.name, handle: parseMarker(marker ?? "")?.handle });
  });

  return router;
}
