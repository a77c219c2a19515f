/**
 * The navigation of the site, which is also the order of `llms.txt`. A test fails if a page of
 * `docs` is missing here, or if a page that stands here is missing in `docs`.
 */

export interface NavGroup {
  readonly title: string;
  /** Pages, by their paths in `docs` without `.md`. A page's first heading is its title. */
  readonly pages: readonly string[];
  /** A folder of which every page belongs to the group, after `pages`. */
  readonly folder?: string;
}

export const NAVIGATION: readonly NavGroup[] = [
  {
    title: "Start",
    pages: ["guide/getting-started", "guide/frameworks", "guide/comparison", "guide/troubleshooting"],
  },
  {
    title: "Guides",
    pages: [
      "guide/signing-in",
      "guide/recipes",
      "guide/graphql-and-trpc",
      "guide/roles",
      "guide/accounts",
      "guide/revocation",
      "guide/csrf",
      "guide/keys",
      "guide/websockets",
      "guide/transactions",
      "guide/testing",
    ],
  },
  {
    title: "Browser",
    pages: [
      "guide/browser",
      "guide/browser-requests",
      "guide/react",
      "guide/ssr",
      "guide/clients",
      "guide/supertokens-clients",
    ],
  },
  {
    title: "Running it",
    pages: [
      "guide/production",
      "guide/databases",
      "guide/behind-a-proxy",
      "guide/serverless",
      "guide/scaling",
      "guide/observability",
      "guide/command-line",
      "guide/doctor",
      "guide/console",
    ],
  },
  {
    title: "Moving",
    pages: [
      "guide/migration",
      "guide/migration-express-session",
      "guide/migration-jwt",
      "guide/migration-supertokens",
      "guide/migration-middleware",
    ],
  },
  { title: "Reference", pages: ["options", "errors", "glossary"], folder: "reference" },
  {
    title: "Background",
    pages: ["guide/rotation", "security", "performance", "benchmarks"],
    folder: "decisions",
  },
];

/** The first page of the site, which has the navigation on it and is not in it. */
export const HOME = "index";

/** Pages that are in `docs` and not on the site. */
export const APART: readonly string[] = ["pictures/README"];
