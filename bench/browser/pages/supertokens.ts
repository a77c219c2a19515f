/** All that an app needs to load. Runs in the browser. */
import { init } from "supertokens-website-20";

init({ apiDomain: location.origin, tokenTransferMethod: "cookie" });
