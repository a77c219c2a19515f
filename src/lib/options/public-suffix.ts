import { readRules } from "./public-suffix-rules.ts";

/**
 * Whether browsers treat a domain as a public suffix (publicsuffix.org), such as `co.uk` or
 * `github.io`, and drop a cookie that names it. `domain` is in lower case. Without the rules file
 * only top-level domains count.
 */
export function isPublicSuffix(domain: string): boolean {
  const parentAt = domain.indexOf(".");
  // The list's default rule: every top-level domain is one.
  if (parentAt === -1) return true;
  const labels = loadRules().get(domain.slice(parentAt + 1));
  const label = domain.slice(0, parentAt);
  if (labels === undefined || labels.has(`!${label}`)) return false;
  return labels.has(label) || labels.has("*");
}

/** First labels of the rules by all other labels. `*` stands for any, `!` for an exception. */
type Rules = ReadonlyMap<string, ReadonlySet<string>>;

let loaded: Rules | undefined;

// Built for the first cookie domain, because most apps have none.
const loadRules = (): Rules => (loaded ??= new Map(readRules()?.split(" ").map(readGroup)));

/**
 * Unpacks the format of scripts/public-suffix-rules.ts: a capital letter says how many leading
 * characters a label shares with the one before.
 */
function readGroup(text: string): [string, ReadonlySet<string>] {
  const [parent = "", packed = ""] = text.split(":");
  let label = "";
  const labels = new Set<string>();
  for (const [, mark = ",", rest = ""] of `,${packed}`.matchAll(/([A-Z,])([^A-Z,]*)/g)) {
    label = label.slice(0, mark === "," ? 0 : mark.charCodeAt(0) - 64) + rest;
    labels.add(label);
  }
  return [parent, labels];
}
