import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { sessionsFor } from "counterfoil/nest";

interface Claims {
  readonly role: "admin" | "member";
}

export const sessions = createSessions<Claims>({
  // Gone when the process ends. An app gives its database, and a secret from its environment.
  store: memory(),
  // Plain http on localhost. An app leaves this out, and says what browsers see: http: {
  // publicOrigin: "https://shop.example" }.
  cookie: { secure: false },
});

// Bound once, so that claims are checked where they are given and known where they are read.
export const { createNewSession, forRoot, sessionOf, VerifySession } = sessionsFor(sessions);
