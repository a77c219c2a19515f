import {
  attemptRefreshingSession,
  doesSessionExist,
  getAccessTokenPayloadSecurely,
  getUserId,
  init,
  signOut,
} from "supertokens-website-15";
import { publish, readSettings } from "./page-client.ts";

const { apiDomain, apiBasePath, sessionExpiredStatusCode } = readSettings();
init({ apiDomain, apiBasePath, sessionExpiredStatusCode });

publish({
  doesSessionExist,
  refresh: attemptRefreshingSession,
  signOut,
  getUserId,
  getPayload: getAccessTokenPayloadSecurely,
});
