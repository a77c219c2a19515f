/** A page that watches its session. Runs in the browser. */
import { createSessionClient, type SessionClient } from "counterfoil/browser";
import { watchSession } from "counterfoil/open-pages";

export class OpenPageScript {
  readonly client: SessionClient = createSessionClient({ lockTimeout: 120_000, refreshTimeout: 120_000 });
  /** Why the session was over, each time. */
  readonly reasons: (string | undefined)[] = [];
  readonly stop: () => void;

  constructor() {
    this.client.on("signed-out", ({ reason }) => void this.reasons.push(reason));
    this.stop = watchSession(this.client);
  }
}

Object.assign(globalThis, { page: new OpenPageScript() });
