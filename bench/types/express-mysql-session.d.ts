/** What the benchmarks call of it; it ships no declarations. */
declare module "express-mysql-session" {
  import type session from "express-session";

  class MySQLStore extends session.Store {
    constructor(options: Readonly<Record<string, string | number>>);
    onReady(): Promise<void>;
    get: session.Store["get"];
    set: session.Store["set"];
    destroy: session.Store["destroy"];
  }
  const createStore: (from: typeof session) => typeof MySQLStore;
  export = createStore;
}
