import type { Finding, Verdict } from "./finding.ts";

/** What was looked at, and what was found. */
export interface Section {
  /** What it is about, for people. */
  readonly title: string;
  readonly findings: readonly Finding[];
}

const MARKS: Readonly<Record<Verdict, string>> = { ok: "ok    ", wrong: "WRONG ", unknown: "?     " };

const NAMES: Readonly<Record<Verdict, string>> = { ok: "ok", wrong: "wrong", unknown: "could not tell" };

/** For people; ends with a newline. */
export function summarise(sections: readonly Section[]): string {
  const all = sections.flatMap(({ findings }) => findings);
  const counts = (["wrong", "unknown", "ok"] as const).map((verdict) => `${countOf(all, verdict)} ${NAMES[verdict]}`);
  const parts = sections.map(({ title, findings }) => `${title}\n${findings.map(toLines).join("")}`);
  return `${parts.join("\n")}\n${counts.join(", ")}\n`;
}

function toLines({ verdict, text, write }: Finding): string {
  const told = verdict === "unknown" ? `could not tell: ${text}` : text;
  return `  ${MARKS[verdict]}${told}\n${write === undefined ? "" : `        write: ${write}\n`}`;
}

export const countOf = (findings: readonly Finding[], verdict: Verdict): number =>
  findings.filter((finding) => finding.verdict === verdict).length;
