// @vitest-environment happy-dom
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";
import { testPages } from "./page-tests.ts";

describeWithFolder("ecosystem", "pages in happy-dom", testPages);
