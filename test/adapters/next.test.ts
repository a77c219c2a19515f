import { beforeAll, describe } from "vitest";
import { nextSubject } from "./next.ts";
import type { Setup } from "./setup.ts";
import { testDoctor } from "./test-doctor.ts";
import { testConsole } from "./test-console.ts";
import { testOpenPages } from "./test-open-pages.ts";
import { testSubjects } from "./test-subjects.ts";

testSubjects([nextSubject]);

describe("the console in Next.js 16", () => {
  beforeAll(() => nextSubject.prepare?.());
  testConsole({
    get create() {
      return nextSubject.createSessions;
    },
    open: (options) => nextSubject.listen({ console: options, instance: {} } as unknown as Setup),
  });
});

describe("the stream for open pages in Next.js 16", () => testOpenPages(nextSubject));

describe("the doctor and Next.js 16", () => testDoctor(nextSubject));
