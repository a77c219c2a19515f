import { hash, randomBytes } from "node:crypto";

const RANDOM = 17;

export function newHandle(userKey: string): string {
  return Buffer.concat([Buffer.of(placeOfUser(userKey)), randomBytes(RANDOM)]).toString("base64url");
}

export function placeOfUser(userKey: string): number {
  return hash("sha256", `counterfoil place ${userKey}`, "buffer").readUInt8(0);
}

export function placeOfHandle(handle: string): number | undefined {
  return /^[A-Za-z0-9_-]{24}$/.test(handle) ? Buffer.from(handle, "base64url").readUInt8(0) : undefined;
}
