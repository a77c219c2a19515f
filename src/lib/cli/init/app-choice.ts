/** What can be chosen of an app. The first is the default. */
export const CHOICES = {
  framework: ["express", "fastify", "hono"],
  database: ["sqlite", "postgres"],
  page: ["plain", "react"],
} as const;

/** The name of an option. */
export type ChoiceName = keyof typeof CHOICES;

/** What was chosen. */
export type AppChoice = { readonly [Name in ChoiceName]: (typeof CHOICES)[Name][number] };

/** The names of the options, in the order in which they are asked for. */
export const CHOICE_NAMES = Object.keys(CHOICES) as readonly ChoiceName[];

/** Whether the value is one of the option. */
export const isChoice = <Name extends ChoiceName>(name: Name, value: string): value is AppChoice[Name] =>
  (CHOICES[name] as readonly string[]).includes(value);
