/** The doctor finds nothing wrong with a healthy app, over any adapter. */
import type { CounterfoilConfig } from "counterfoil";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { examine } from "../doctor/examine.ts";
import { startSubject, type Subject } from "./subject.ts";

const PAGE = "http://localhost:5173";

const CONFIGS: readonly { readonly name: string; readonly config: CounterfoilConfig }[] = [
  { name: "cookies, and a page of another origin", config: { http: { trustedOrigins: [PAGE] } } },
  { name: "tokens in headers", config: { http: { trustedOrigins: [PAGE], transports: ["header"] } } },
  {
    name: "the SuperTokens dialect",
    config: {
      http: { trustedOrigins: [PAGE], dialects: ["counterfoil", "supertokens"] },
      tokens: { refreshToken: { renewTokenPath: "/auth/session/refresh" } },
    },
  },
];

export function testDoctor(subject: Subject, names: readonly string[] = CONFIGS.map(({ name }) => name)): void {
  beforeAll(() => subject.prepare?.());

  test.each(CONFIGS.filter(({ name }) => names.includes(name)))(
    "the doctor finds nothing: $name",
    async ({ config }) => {
      const app = await startSubject(subject, { config });
      onTestFinished(() => app.close());
      const { open, findings } = await examine(`http://localhost:${app.port}`, "--origin", PAGE);
      expect(open).toEqual([]);
      expect(findings.length).toBeGreaterThan(8);
    },
  );
}
