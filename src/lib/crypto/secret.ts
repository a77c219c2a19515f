import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { decodeBase64url } from "./encoding.ts";
import { createMac, type Mac } from "./mac.ts";

const FORMAT = "1";
const IV = 12;
const TAG = 16;

/** The uses of the configured secrets. No derived value ever reaches the store. */
export interface Secrets {
  /**
   * Encrypts a seed with the first secret. `context` is authenticated, so a wrapped seed cannot be
   * moved to another key.
   */
  wrap(seed: Uint8Array, context: string): string;
  /**
   * @returns the seed, and whether the first secret wrapped it; undefined if none of the secrets
   * did
   */
  unwrap(wrapped: string, context: string): { readonly seed: Buffer; readonly byFirst: boolean } | undefined;
  /**
   * A MAC key for anti-CSRF tokens per secret, in the order of the list. The first signs, all
   * verify.
   */
  readonly antiCsrf: readonly [Mac, ...Mac[]];
  /** MAC keys for one-time tickets, likewise. */
  readonly tickets: readonly [Mac, ...Mac[]];
}

interface DerivedSecret {
  readonly id: string;
  readonly key: Buffer;
  readonly antiCsrf: Mac;
  readonly tickets: Mac;
}

/**
 * Derives all keys from the secrets with HKDF-SHA256 (RFC 5869); wraps with AES-256-GCM. The first
 * secret is the current one.
 */
export function createSecrets(list: readonly [string, ...string[]]): Secrets {
  const [first, ...rest] = list;
  const current = deriveSecret(first);
  const all: readonly [DerivedSecret, ...DerivedSecret[]] = [current, ...rest.map(deriveSecret)];
  const [, ...others] = all;

  return {
    wrap(seed, context) {
      const iv = randomBytes(IV);
      const cipher = createCipheriv("aes-256-gcm", current.key, iv);
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([iv, cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
      return `${FORMAT}.${current.id}.${sealed.toString("base64url")}`;
    },

    unwrap(wrapped, context) {
      const [format, id, text, ...more] = wrapped.split(".");
      const sealed = text === undefined ? undefined : decodeBase64url(text);
      const secret = all.find((candidate) => candidate.id === id);
      if (format !== FORMAT || more.length > 0 || secret === undefined) return undefined;
      if (sealed === undefined || sealed.length <= IV + TAG) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", secret.key, sealed.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(-TAG));
      try {
        const seed = Buffer.concat([decipher.update(sealed.subarray(IV, -TAG)), decipher.final()]);
        return { seed, byFirst: secret === current };
      } catch {
        return undefined;
      }
    },

    antiCsrf: [current.antiCsrf, ...others.map((secret) => secret.antiCsrf)],
    tickets: [current.tickets, ...others.map((secret) => secret.tickets)],
  };
}

/** Makes a secret for the option `secret`: 32 random bytes as 43 characters of base64url. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** Derives `length` bytes for one purpose. Different purposes yield independent keys. */
export function deriveKey(from: string | Uint8Array, purpose: string, length = 32): Buffer {
  return Buffer.from(hkdfSync("sha256", from, "counterfoil", purpose, length));
}

function deriveSecret(secret: string): DerivedSecret {
  return {
    // Identifies the secret in wrapped seeds. It is a derived value, so it reveals nothing.
    id: deriveKey(secret, "secret id", 6).toString("base64url"),
    key: deriveKey(secret, "key wrapping"),
    antiCsrf: createMac(deriveKey(secret, "anti-csrf")),
    tickets: createMac(deriveKey(secret, "ticket")),
  };
}
