import { nextSubject } from "./next.ts";
import { testSubjects } from "./test-subjects.ts";

testSubjects([nextSubject]);
