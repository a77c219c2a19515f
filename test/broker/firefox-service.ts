import { type Firefox, startFirefox } from "../browser/firefox-process.ts";
import type { Service } from "./services.ts";

interface Command {
  readonly method: string;
  readonly params: object;
}

/** How the commands that open something are undone. */
const UNDOING: Readonly<Record<string, (opened: Readonly<Record<string, unknown>>) => Command>> = {
  "browser.createUserContext": ({ userContext }) => ({
    method: "browser.removeUserContext",
    params: { userContext },
  }),
  "browsingContext.create": ({ context }) => ({ method: "browsingContext.close", params: { context } }),
};

/**
 * Firefox has one session of WebDriver BiDi at a time, so all files send their commands over that
 * of the broker.
 */
export function firefoxService(): Service {
  let firefox: Promise<Firefox> | undefined;
  const start = async (): Promise<Firefox> => {
    const started = await startFirefox();
    // A crash fails the tests that are running, and no others.
    void started.ended.then(() => (firefox = undefined));
    return started;
  };
  return {
    async answer(given, left) {
      const { method, params } = given as Command;
      firefox ??= start();
      const { send } = await firefox;
      const result = await send(method, params);
      const undo = UNDOING[method]?.(result);
      if (undo !== undefined) {
        left.addEventListener("abort", () => void send(undo.method, undo.params).catch(() => undefined));
      }
      return result;
    },
    close: async () => (await firefox)?.close(),
  };
}
