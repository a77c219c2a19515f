import { describeInBrowser } from "./browser-situations.ts";
import { serveExpress } from "./express-server.ts";
import { describeHostPrefix } from "./host-situations.ts";
import { describePageLoads } from "./situations.ts";

describePageLoads("Express", serveExpress);
describeHostPrefix("Express", serveExpress);
describeInBrowser("Express", serveExpress);
