import { createSessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { tell } from "./tell.mjs";

const sessions = createSessions({
  store: sqlite({ path: process.argv[2] ?? "" }),
  secret: "the secret of the benches, which is long enough",
});
await sessions.createNewSession("alice", { role: "member" });
tell();
await sessions.close();
