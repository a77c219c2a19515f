import type { DeviceFacts } from "./record.ts";

/** What a request tells about its device, as it came in. */
export interface DeviceInput {
  /** The client's IP address, already cleared of proxies. Only its network is kept. */
  readonly ip?: string | undefined;
  /** The `User-Agent` header. Only browser and system are kept. */
  readonly userAgent?: string | undefined;
  /** A name for the device, at most 100 characters. */
  readonly label?: string | undefined;
}

const LABEL_LENGTH = 100;

/** Facts that are kept, those of `before` where the request tells nothing. */
export function describeDevice(input: DeviceInput | undefined, before: DeviceFacts = {}): DeviceFacts {
  const ip = input?.ip === undefined ? undefined : coarseIp(input.ip);
  const userAgent = input?.userAgent === undefined ? undefined : nameUserAgent(input.userAgent);
  const label = input?.label?.slice(0, LABEL_LENGTH);
  return {
    ...before,
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(label === undefined ? {} : { label }),
  };
}

const IPV4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i;

function coarseIp(ip: string): string | undefined {
  const ipv4 = IPV4.exec(ip)?.[1];
  if (ipv4 !== undefined) return `${ipv4}.0/24`;
  if (ip.length > 64 || !/^[0-9a-f:]+(?:%\w+)?$/i.test(ip) || !ip.includes(":")) return undefined;
  const [head = "", tail] = ip.replace(/%.*$/, "").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${groups
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/48`;
}

// Order matters: most browsers also claim to be the ones further down.
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
  const text = header.slice(0, 512);
  const browser = BROWSERS.find(([pattern]) => pattern.test(text))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`;
  return browser ?? system ?? "Unknown device";
}
