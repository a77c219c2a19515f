import { cutText } from "../cut-text.ts";
import { generalError } from "../errors.ts";
import { isIPv4, isIPv6 } from "../ip-address.ts";
import type { DeviceFacts } from "./record.ts";

/** What a request tells of its device. */
export interface DeviceInput {
  /** The client's IP address, without those of proxies. Only its network is stored. */
  readonly ip?: string | undefined;
  /** The `User-Agent` header. Only the browser and the system are stored. */
  readonly userAgent?: string | undefined;
  /** A name of the device, cut after 100 characters. */
  readonly label?: string | undefined;
}

const LABEL_LENGTH = 100;

/**
 * @returns a name of a device, cut; null if it is empty
 *
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function toLabel(label: unknown): string | null {
  // PostgreSQL has no NUL in a text.
  if (typeof label === "string") return cutText(label, LABEL_LENGTH).replaceAll("\0", "\ufffd") || null;
  throw generalError("ARGUMENT_INVALID", "the label of a device is no string; give a name of at most 100 characters");
}

/**
 * Merges the device facts of a request with those of `before`.
 *
 * @param location the place of the request's address, if known
 */
export function describeDevice(
  input: DeviceInput | undefined,
  before: DeviceFacts = {},
  location?: string,
): DeviceFacts {
  const ip = input?.ip === undefined ? undefined : coarseIp(input.ip);
  const userAgent = input?.userAgent === undefined ? undefined : nameUserAgent(input.userAgent);
  const label = input?.label === undefined ? null : toLabel(input.label);
  // A place belongs to its address.
  const { location: locationBefore, ...kept } = before;
  const place = ip === undefined ? locationBefore : location;
  return {
    ...kept,
    ...(ip === undefined ? {} : { ip }),
    ...(place === undefined ? {} : { location: place }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(label === null ? {} : { label }),
  };
}

const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/i;
/** The interface of an IPv6 address. */
export const ZONE: RegExp = /%.*$/s;

function coarseIp(address: string): string | undefined {
  const ip = address.replace(IPV4_IN_IPV6, "").replace(ZONE, "");
  if (isIPv4(ip)) return `${ip.slice(0, ip.lastIndexOf("."))}.0/24`;
  if (!isIPv6(ip)) return undefined;
  const [head = "", tail] = ip.split("::");
  const left = head === "" ? [] : head.split(":");
  // The first three groups come from the head, or are the zeros of "::". The tail does not matter.
  const groups = tail === undefined || left.length >= 3 ? left : [...left, ...zerosBefore(left, tail)];
  const network = groups.slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16));
  // In canonical form (RFC 5952): the zeros at the end belong to "::".
  return `${network.join(":").replace(/(?:(?:^|:)0)+$/, "")}::/48`;
}

function zerosBefore(left: readonly string[], tail: string): readonly string[] {
  const right = tail === "" ? [] : tail.split(":");
  const rightGroups = right.length + (tail.includes(".") ? 1 : 0);
  return [...Array<string>(8 - left.length - rightGroups).fill("0"), ...right];
}

// Order matters: most browsers also claim to be the later ones.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bHeadlessChrome\//, "Chrome (headless)"],
  [/\bChrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
  [/\bokhttp\/|\bDart\/|\bCFNetwork\//, "App"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b|\biPod\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b|\bDarwin\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

function nameUserAgent(header: string): string {
  const text = cutText(header, 512);
  const browser = BROWSERS.find(([pattern]) => pattern.test(text))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`;
  return browser ?? system ?? "Unknown device";
}
