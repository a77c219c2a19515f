// @vitest-environment jsdom
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";
import { testPages } from "./page-tests.ts";

describeWithFolder("ecosystem", "pages in jsdom", testPages);
