import type { OptionReader, OtherDefaults } from "../options/option-table.ts";

/**
 * Each option of `CounterfoilConfig`: what it takes and its default. The reader follows from this
 * table, and a test compares it with the comments in config.ts and with docs/options.md.
 */
export const OPTIONS = {
  preset: { kind: "choice", of: ["standard", "strict"] },
  store: { kind: "other" },
  secret: { kind: "other" },
  clock: { kind: "other" },

  "tokens.accessToken.validity": { kind: "duration", min: "1s", max: "1d", default: "15m" },
  "tokens.accessToken.signing": { kind: "choice", of: ["HS256", "EdDSA", "ES256"], default: "HS256" },
  "tokens.accessToken.revocation": { kind: "choice", of: ["off", "feed", "store"], default: "off" },
  "tokens.accessToken.blacklisting": {
    kind: "choice",
    of: ["off", "feed", "store"],
    flags: { true: "store", false: "off" },
  },
  "tokens.accessToken.feed.bound": { kind: "duration", min: "50ms", max: "1m", default: "1s" },
  "tokens.accessToken.feed.onLag": { kind: "choice", of: ["store", "refuse"], default: "store" },
  "tokens.accessToken.feed.listen": {
    kind: "flag-or-text",
    wanted: "true, false, or an address of the database",
    default: false,
  },
  "tokens.accessToken.issuer": { kind: "text", rule: "name" },
  "tokens.accessToken.audience": { kind: "text", rule: "name" },
  "tokens.accessToken.cacheSize": { kind: "count", min: 0, max: 10_000_000, default: 10_000 },
  "tokens.refreshToken.validity": { kind: "duration", min: "1s", max: "400d" },
  "tokens.refreshToken.renewTokenPath": { kind: "text", rule: "route", default: "/session/refresh" },
  "tokens.enableAntiCsrf": { kind: "flag", default: true },

  "rotation.window": { kind: "duration", min: "0s", max: "5m", default: "10s" },
  "rotation.onReuse": { kind: "choice", of: ["revoke", "report"], default: "revoke" },
  "rotation.clock": { kind: "choice", of: ["store", "process"], default: "store" },

  "session.idleTimeout": { kind: "duration", min: "1s", max: "400d", default: "100d" },
  "session.absoluteTimeout": { kind: "duration", min: "1s", max: "3650d", default: "365d" },
  "session.actorTimeout": { kind: "duration", min: "1s", max: "1d", default: "1h" },
  "session.knownDevices": { kind: "flag", default: false },
  "session.deviceRetention": { kind: "duration", min: "1d", max: "3650d", default: "180d" },
  "session.locate": { kind: "function" },
  "session.maxPerUser": { kind: "count-or-off", min: 1, max: 10_000, default: 100 },
  "session.onMaxPerUser": { kind: "choice", of: ["end-oldest", "refuse"], default: "end-oldest" },
  "session.persistent": { kind: "flag", default: true },

  "audit.retention": { kind: "duration", min: "1d", max: "3650d" },

  "keys.rotateEvery": { kind: "duration", min: "1h", max: "400d", default: "30d" },
  "keys.publishAhead": { kind: "duration", min: "10s", max: "1d", default: "10m" },

  "cookie.domain": { kind: "text", rule: "domain" },
  "cookie.secure": { kind: "flag", default: true },
  "cookie.sameSite": { kind: "choice", of: ["lax", "strict", "none"], default: "lax" },
  "cookie.hostPrefix": { kind: "literal", of: ["auto", true, false], default: "auto" },
  "cookie.prefix": { kind: "text", rule: "prefix" },

  "http.publicOrigin": { kind: "text", rule: "origin" },
  "http.basePath": { kind: "text", rule: "basePath" },
  "http.trustedOrigins": { kind: "texts", rule: "origin", default: [] },
  "http.csrf": { kind: "choice", of: ["enforce", "report"], default: "enforce" },
  "http.dialects": {
    kind: "some",
    of: ["counterfoil", "supertokens"],
    with: "counterfoil",
    wanted: 'a list with "counterfoil" and, for SuperTokens clients, "supertokens"',
    default: ["counterfoil"],
  },
  "http.sessionExpiredStatus": { kind: "literal", of: [401, 440], default: 401 },
  "http.preferCookies": { kind: "flag", default: false },
  "http.cacheHeaders": { kind: "flag", default: true },
  "http.openPages": { kind: "flag", default: false },
  "http.transports": {
    kind: "some",
    of: ["cookie", "header"],
    wanted: 'a list of "cookie" and "header", with at least one',
    default: ["cookie", "header"],
  },
  "http.diagnostics": { kind: "flag" },
} as const;

/** NIST SP 800-63B-4, 2.2.3 and 2.3.3: overall and inactivity timeouts at AAL2 and AAL3. */
export const PRESETS: Readonly<Record<"standard" | "strict", OtherDefaults<typeof OPTIONS>>> = {
  standard: {
    "tokens.accessToken.revocation": "feed",
    "session.idleTimeout": "1h",
    "session.absoluteTimeout": "24h",
  },
  strict: {
    "session.idleTimeout": "15m",
    "session.absoluteTimeout": "12h",
    // 5.1 of the same: the secrets of a session should not outlive a restart of the browser.
    "session.persistent": false,
    "tokens.accessToken.validity": "5m",
    "tokens.accessToken.revocation": "store",
    "session.knownDevices": true,
    "cookie.hostPrefix": true,
    "http.transports": ["cookie"],
  },
};

/** A config as it has been read. */
export type ConfigOptions = OptionReader<typeof OPTIONS>;
