/**
 * The functions of the library that lead to a call, also where they have waited in between. Not by
 * `Error.stack`, which leaves out a function that returned its promise to somebody else.
 */
import { console as inspected, type Runtime, Session } from "node:inspector";

const OURS = new URL("../../build/", import.meta.url).href;
const MIDDLEWARE = `${OURS}lib/http/adapters/route-middleware.js`;

export interface CallChains {
  /** The way from the middleware of Express to here, first function first. */
  readonly take: () => readonly string[];
  readonly end: () => void;
}

export function watchCallChains(): CallChains {
  const session = new Session();
  session.connect();
  let latest: Runtime.StackTrace | undefined;
  session.on("Runtime.consoleAPICalled", ({ params }) => (latest = params.stackTrace));
  session.post("Runtime.enable");
  session.post("Runtime.setMaxCallStackSizeToCapture", { size: 200 });
  session.post("Debugger.enable");
  session.post("Debugger.setAsyncCallStackDepth", { maxDepth: 200 });

  /** What was under way when the last function of a part was called back. */
  function parentOf({ parent, parentId }: Runtime.StackTrace): Runtime.StackTrace | undefined {
    if (parent !== undefined || parentId === undefined) return parent;
    let found: Runtime.StackTrace | undefined;
    session.post("Debugger.getStackTrace", { stackTraceId: parentId }, (_, result) => (found = result.stackTrace));
    return found;
  }

  return {
    take() {
      latest = undefined;
      inspected.debug("here");
      const frames: Runtime.CallFrame[] = [];
      for (let part = latest as Runtime.StackTrace | undefined; part !== undefined; part = parentOf(part)) {
        // Where a function has waited, the next part begins with its caller.
        frames.push(...part.callFrames);
      }
      const ours = frames.filter(({ url }) => url.startsWith(OURS));
      const first = ours.findIndex(({ url }) => url === MIDDLEWARE);
      return ours
        .slice(0, first + 1)
        .toReversed()
        .map(({ functionName, url, lineNumber }) => `${url.slice(OURS.length)}:${lineNumber + 1} ${functionName}`);
    },
    end: () => session.disconnect(),
  };
}
