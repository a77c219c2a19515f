/**
 * A console for operators: the sessions of a user, reused tokens, keys.
 *
 * @module
 */
import { type Console, type ConsoleOptions, mountConsole } from "./lib/http/adapters/console-mounts.ts";

/**
 * Makes the operators' console, which your app mounts behind its own sign-in. It has no session and
 * no password of its own: `authorize` decides about each request. Each action emits the event
 * `console-action`.
 *
 * The import hides the global `console`; write `import { console as operators }` in a module that
 * needs both.
 *
 * @throws ConfigError if `authorize` is missing, and for an option that is unknown or of the wrong
 *   type
 * @example
 * ```ts
 * import express, { type Request } from "express";
 * import { console } from "counterfoil/console";
 *
 * const operators = new Map([["10.1.2.3", "alice"]]);
 * const admin = console({ authorize: (req: Request) => operators.get(req.ip ?? "") });
 * express().use(admin.node);
 * ```
 */
export const console = <Parameters extends readonly unknown[]>(
  options: ConsoleOptions<Parameters>,
): Console<Parameters> => mountConsole(options);

export type { Console, ConsoleOptions };
