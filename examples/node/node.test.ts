import { describeExample } from "../drive.ts";

describeExample(import.meta.dirname);
