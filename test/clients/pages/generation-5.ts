import superTokens from "supertokens-website-5";
import { publish, readSettings } from "./page-client.ts";

const client = superTokens.default;
const { apiDomain, apiBasePath, sessionExpiredStatusCode, sessionScope } = readSettings();
client.init({ apiDomain, apiBasePath, sessionExpiredStatusCode, sessionScope });

publish({
  doesSessionExist: async () => client.doesSessionExist(),
  refresh: () => client.attemptRefreshingSession(),
  signOut: () => client.signOut(),
  getUserId: async () => client.getUserId(),
  getPayload: () => client.getJWTPayloadSecurely(),
});
