import type { SigningAlgorithm } from "../policy.ts";
import { createPrivateKey, createPublicKey, createECDH, type KeyObject, sign, verify } from "node:crypto";
import { createTextDecoder, decodeBase64url } from "./encoding.ts";
import { createMac } from "./mac.ts";

/** Longest compact JWS that is parsed; browsers drop a cookie over 4096 bytes. */
export const MAX_JWS_LENGTH = 4096;

/**
 * Checks signatures of one algorithm with one key; the token cannot choose either (RFC 8725 3.1).
 */
export interface JwsVerifier {
  /** @param signature in base64url, canonical spelling only */
  verify(signingInput: string, signature: string): boolean;
}

/**
 * The public half of an asymmetric key (RFC 7517, RFC 7518 6.2, RFC 8037). Declared here, because
 * the name of Node's own type changes.
 */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  /** Of P-256 only. */
  readonly y?: string;
}

interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

export interface JwsKey extends JwsVerifier {
  readonly algorithm: SigningAlgorithm;
  /** The signature over `header.payload`, in base64url. */
  sign(signingInput: string): string;
  /** The public half (RFC 7517); undefined for HS256. */
  readonly publicJwk: PublicJwk | undefined;
}

/** The fields of a JOSE header that decide whether a token is accepted (RFC 7515 4.1). */
export interface JwsHeader {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
}

const decodeText = createTextDecoder(MAX_JWS_LENGTH);

/**
 * Verifies a compact JWS. `findVerifier` chooses the key by the header's exact text; undefined
 * rejects the header.
 *
 * @returns the payload as text; undefined if the signature is wrong
 */
export function verifyJws(
  compact: string,
  findVerifier: (headerSegment: string) => JwsVerifier | undefined,
): string | undefined {
  if (compact.length > MAX_JWS_LENGTH) return undefined;
  const firstDot = compact.indexOf(".");
  const lastDot = compact.indexOf(".", firstDot + 1);
  if (firstDot < 1 || lastDot < firstDot + 2 || compact.includes(".", lastDot + 1)) return undefined;
  const verifier = findVerifier(compact.slice(0, firstDot));
  if (verifier?.verify(compact.slice(0, lastDot), compact.slice(lastDot + 1)) !== true) return undefined;
  // Also checked after the signature: a MAC ignores the upper bits of characters beyond U+00FF.
  return decodeText(compact.slice(firstDot + 1, lastDot));
}

/**
 * Parses a JOSE header strictly: canonical base64url of a JSON object, no `crit` (RFC 7515 4.1.11),
 * no `b64` (RFC 7797).
 */
export function parseJwsHeader(segment: string): JwsHeader | undefined {
  if (segment.length > 512) return undefined;
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) return undefined;
  try {
    const header: unknown = JSON.parse(bytes.toString());
    if (typeof header !== "object" || header === null || "crit" in header || "b64" in header) return undefined;
    const { alg, kid, typ } = header as Record<string, unknown>;
    if (typeof alg !== "string" || !isOptionalString(kid) || !isOptionalString(typ)) return undefined;
    return { alg, kid, typ };
  } catch {
    return undefined;
  }
}

const isOptionalString = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === "string";

export function createJwsKey(algorithm: SigningAlgorithm, seed: Buffer): JwsKey {
  if (algorithm === "HS256") return createSymmetricKey(seed);
  return createAsymmetricKey(algorithm, algorithm === "EdDSA" ? ed25519Jwk(seed) : p256Jwk(seed));
}

function createSymmetricKey(seed: Buffer): JwsKey {
  const mac = createMac(seed);
  return {
    algorithm: "HS256",
    publicJwk: undefined,
    sign: (signingInput) => mac.text(signingInput),
    verify: (signingInput, signature) => mac.matches(signingInput, signature),
  };
}

function createAsymmetricKey(algorithm: "EdDSA" | "ES256", jwk: PrivateJwk): JwsKey {
  const privateKey = createPrivateKey({ key: { ...jwk }, format: "jwk" });
  const publicKey = createPublicKey(privateKey);
  const digest = algorithm === "EdDSA" ? null : "sha256";
  const keys = algorithm === "EdDSA" ? { privateKey, publicKey } : withEncoding(privateKey, publicKey);
  return {
    algorithm,
    publicJwk: publicKey.export({ format: "jwk" }) as unknown as PublicJwk,
    sign: (signingInput) => sign(digest, Buffer.from(signingInput), keys.privateKey).toString("base64url"),
    verify(signingInput, signature) {
      const bytes = decodeBase64url(signature);
      return bytes !== undefined && verify(digest, Buffer.from(signingInput), keys.publicKey, bytes);
    },
  };
}

/** The halves of a P-256 key as this runtime takes them beside an encoding of signatures. */
function withEncoding(privateKey: KeyObject, publicKey: KeyObject): EncodedKeys {
  // JWS requires r and s side by side (RFC 7518 3.4), not DER.
  const dsaEncoding = "ieee-p1363";
  const encoded = { privateKey: { key: privateKey, dsaEncoding }, publicKey: { key: publicKey, dsaEncoding } } as const;
  try {
    sign("sha256", Buffer.alloc(0), encoded.privateKey);
    return encoded;
  } catch {
    // workerd takes no KeyObject as a member. Bytes it parses anew for each signature.
    const [format, pkcs8, spki] = ["der", "pkcs8", "spki"] as const;
    return {
      privateKey: { key: privateKey.export({ format, type: pkcs8 }), format, type: pkcs8, dsaEncoding },
      publicKey: { key: publicKey.export({ format, type: spki }), format, type: spki, dsaEncoding },
    };
  }
}

interface EncodedKeys {
  readonly privateKey: Parameters<typeof sign>[2];
  readonly publicKey: Parameters<typeof verify>[2];
}

const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

function ed25519Jwk(seed: Buffer): PrivateJwk {
  // Any 32 bytes are an Ed25519 private key (RFC 8032 5.1.5). From PKCS#8 (RFC 8410) node:crypto
  // derives the public half.
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
  return key.export({ format: "jwk" }) as unknown as PrivateJwk;
}

function p256Jwk(seed: Buffer): PrivateJwk {
  const curve = createECDH("prime256v1");
  // Throws for the 2^-32 of seeds that are not below the group order; the ring then draws another.
  curve.setPrivateKey(seed);
  const point = curve.getPublicKey();
  return {
    kty: "EC",
    crv: "P-256",
    d: seed.toString("base64url"),
    x: point.toString("base64url", 1, 33),
    y: point.toString("base64url", 33, 65),
  };
}
