import superTokens from "supertokens-website-4";
import { publish, readSettings } from "./page-client.ts";

const client = superTokens.default;
const { apiDomain, apiBasePath, sessionExpiredStatusCode } = readSettings();
client.init({ refreshTokenUrl: `${apiDomain}${apiBasePath}/session/refresh`, sessionExpiredStatusCode });

publish({
  doesSessionExist: async () => client.doesSessionExist(),
  refresh: () => client.attemptRefreshingSession(),
  // It has no function for that: a page calls the route.
  signOut: async () => void (await fetch(`${apiDomain}${apiBasePath}/signout`, { method: "POST" })),
});
