/**
 * Step-up in the page: ask the user to sign in again, and repeat the calls that needed it.
 *
 * @module
 */
export { type AskForStepUp, onStepUp } from "./lib/browser/on-step-up.ts";
export type { StepUpDemand } from "./lib/browser/step-up-demand.ts";
