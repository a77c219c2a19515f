/**
 * What the pages of all generations offer to the tests, and what they are told in their address.
 * Runs in the browser.
 */

export interface PageClient {
  doesSessionExist(): Promise<boolean>;
  refresh(): Promise<boolean>;
  signOut(): Promise<void>;
  getUserId?(): Promise<string>;
  getPayload?(): Promise<unknown>;
}

export interface PageSettings {
  readonly apiDomain: string;
  readonly apiBasePath: string;
  readonly sessionExpiredStatusCode: number;
  readonly tokenTransferMethod: "cookie" | "header";
  readonly sessionScope: string;
}

export function readSettings(): PageSettings {
  const settings = new URLSearchParams(location.search);
  return {
    apiDomain: settings.get("api") ?? location.origin,
    apiBasePath: `${settings.get("base") ?? ""}/auth`,
    sessionExpiredStatusCode: Number(settings.get("status") ?? 401),
    tokenTransferMethod: settings.get("transport") === "header" ? "header" : "cookie",
    sessionScope: settings.get("scope") || location.hostname,
  };
}

export function publish(client: PageClient): void {
  Object.assign(globalThis, { client });
}
