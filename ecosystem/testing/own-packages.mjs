/** Finds the DOMs of this folder for vitest, which is a package of the root. */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (name, context, next) =>
    next(name, name === "jsdom" || name === "happy-dom" ? { ...context, parentURL: import.meta.url } : context),
});
