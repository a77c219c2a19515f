import { sessionProxy } from "counterfoil/next";
import { sessions } from "./sessions.js";

/** Stands before all that is below /shop; /bare is the same without it. */
export const shopProxy = sessionProxy({ sessions });
