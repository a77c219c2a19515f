import type { SessionContext } from "../../session/context.ts";
import type { ConsoleFacts } from "./console-facts.ts";
import type { Links } from "./console-links.ts";
import type { ConsoleNotice } from "./console-notices.ts";
import type { Asked } from "./console-request.ts";
import type { ReuseLog } from "./reuse-log.ts";

/** What a page is made from. */
export interface PageParts {
  readonly operator: string | null;
  readonly links: Links;
  readonly asked: Asked;
  readonly facts: ConsoleFacts;
  readonly reuses: ReuseLog;
  readonly notices: readonly ConsoleNotice[];
  readonly session: SessionContext;
}
