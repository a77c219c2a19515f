/** The published generations of the SuperTokens web client, oldest first. */
export const GENERATIONS = [
  { id: "4", version: "4.2.0", asksFirst: false },
  { id: "5", version: "5.1.1", asksFirst: false },
  { id: "15", version: "15.0.0", asksFirst: true },
  { id: "20", version: "20.1.6", asksFirst: true },
] as const;

export interface Generation {
  readonly id: GenerationId;
  readonly version: string;
  /** Whether a page that knows of no session tries a refresh before its first call. */
  readonly asksFirst: boolean;
}

export type GenerationId = (typeof GENERATIONS)[number]["id"];

/** The one that a page is upgraded from. */
export function before({ id }: Generation): Generation | undefined {
  return GENERATIONS[GENERATIONS.findIndex((one) => one.id === id) - 1];
}
