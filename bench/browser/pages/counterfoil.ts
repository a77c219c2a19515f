/** All that an app needs to load. Runs in the browser. */
import { createSessionClient } from "counterfoil/browser";

createSessionClient().intercept();
