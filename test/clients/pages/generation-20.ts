import {
  attemptRefreshingSession,
  doesSessionExist,
  getAccessTokenPayloadSecurely,
  getUserId,
  init,
  signOut,
} from "supertokens-website-20";
import { publish, readSettings } from "./page-client.ts";

init(readSettings());

publish({
  doesSessionExist,
  refresh: attemptRefreshingSession,
  signOut,
  getUserId,
  getPayload: getAccessTokenPayloadSecurely,
});
