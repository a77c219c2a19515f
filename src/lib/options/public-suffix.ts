import { PUBLIC_SUFFIX_RULES } from "./public-suffix-rules.ts";

/**
 * Whether browsers treat a domain as a public suffix (publicsuffix.org), such as `co.uk` or `github.io`, and therefore drop a
 * cookie that names it. `domain` is in lower case.
 */
export function isPublicSuffix(domain: string): boolean {
  const parentAt = domain.indexOf(".");
  // The list's default rule: every top-level domain is one.
  if (parentAt === -1) return true;
  const rules = loadRules();
  if (rules.has(`!${domain}`)) return false;
  return rules.has(domain) || rules.has(`*${domain.slice(parentAt)}`);
}

let loaded: ReadonlySet<string> | undefined;

// Built when the first cookie domain is checked; most apps have none.
const loadRules = (): ReadonlySet<string> => (loaded ??= new Set(PUBLIC_SUFFIX_RULES.split(" ")));
