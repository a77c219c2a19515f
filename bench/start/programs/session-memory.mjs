import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { tell } from "./tell.mjs";

const sessions = createSessions({
  store: memory({ production: true }),
  secret: "the secret of the benches, which is long enough",
});
await sessions.createNewSession("alice", { role: "member" });
tell();
await sessions.close();
