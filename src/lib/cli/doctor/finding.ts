/** What a check found out. A check that cannot be certain says `unknown`, never `wrong`. */
export type Verdict = "ok" | "wrong" | "unknown";

export interface Finding {
  /** The name of the check, for programs. */
  readonly check: string;
  readonly verdict: Verdict;
  /** A sentence or two, without a secret. Text of the network is quoted. */
  readonly text: string;
  /** The line to write: of the config, or of the named proxy. */
  readonly write?: string | undefined;
}

export const ok = (check: string, text: string): Finding => ({ check, verdict: "ok", text });

export const wrong = (check: string, text: string, write?: string): Finding => ({
  check,
  verdict: "wrong",
  text,
  write,
});

export const unknown = (check: string, text: string, write?: string): Finding => ({
  check,
  verdict: "unknown",
  text,
  write,
});
