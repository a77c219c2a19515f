/**
 * What the guides call of packages that this repository does not install, so that their snippets
 * compile. The guides were also compiled and run by hand with the packages themselves.
 */

// argon2 0.45
declare module "argon2" {
  const argon2: {
    hash(password: string): Promise<string>;
    verify(digest: string, password: string): Promise<boolean>;
  };
  export default argon2;
}

// @simplewebauthn/server 14.0
declare module "@simplewebauthn/server" {
  interface Credential {
    id: string;
    publicKey: Uint8Array<ArrayBuffer>;
    counter: number;
  }
  interface Expected {
    response: unknown;
    expectedChallenge: string | ((challenge: string) => boolean | Promise<boolean>);
    expectedOrigin: string | string[];
  }
  export function generateRegistrationOptions(options: {
    rpName: string;
    rpID: string;
    userName: string;
    userID?: Uint8Array<ArrayBuffer>;
    authenticatorSelection?: { residentKey?: "required"; userVerification?: "required" };
  }): Promise<{ challenge: string }>;
  export function verifyRegistrationResponse(
    options: Expected & { expectedRPID?: string | string[] },
  ): Promise<
    | { verified: false; registrationInfo?: never }
    | { verified: true; registrationInfo: { credential: Credential; userVerified: boolean } }
  >;
  export function generateAuthenticationOptions(options: {
    rpID: string;
    userVerification?: "required";
  }): Promise<{ challenge: string }>;
  export function verifyAuthenticationResponse(
    options: Expected & { expectedRPID: string | string[]; credential: Credential },
  ): Promise<{ verified: boolean; authenticationInfo: { newCounter: number } }>;
}

// @simplewebauthn/browser 14.0
declare module "@simplewebauthn/browser" {
  export function startRegistration(options: { optionsJSON: unknown }): Promise<object>;
  export function startAuthentication(options: { optionsJSON: unknown }): Promise<object>;
}

// openid-client 6.9
declare module "openid-client" {
  export class Configuration {
    private readonly brand;
  }
  export function discovery(issuer: URL, clientId: string, clientSecret?: string): Promise<Configuration>;
  export function randomState(): string;
  export function randomNonce(): string;
  export function randomPKCECodeVerifier(): string;
  export function calculatePKCECodeChallenge(verifier: string): Promise<string>;
  export function buildAuthorizationUrl(config: Configuration, parameters: Record<string, string>): URL;
  export function authorizationCodeGrant(
    config: Configuration,
    currentUrl: URL,
    checks: { expectedState?: string; expectedNonce?: string; pkceCodeVerifier?: string; idTokenExpected?: boolean },
  ): Promise<{ claims(): { iss: string; sub: string; auth_time?: number } | undefined }>;
}

// rate-limiter-flexible 11.2
declare module "rate-limiter-flexible" {
  export class RateLimiterRes {
    readonly msBeforeNext: number;
  }
  export class RateLimiterMemory {
    constructor(options: { keyPrefix?: string; points: number; duration: number });
    consume(key: string): Promise<RateLimiterRes>;
    delete(key: string): Promise<boolean>;
  }
}

// supertest 7.3
declare module "supertest" {
  interface Sending extends PromiseLike<{ readonly status: number; readonly body: unknown }> {
    set(headers: Readonly<Record<string, string>>): Sending;
    expect(status: number): Sending;
  }
  type Method = (path: string) => Sending;
  const request: (app: import("node:http").RequestListener) => { readonly get: Method; readonly post: Method };
  export default request;
}

// @playwright/test 1.65
declare module "@playwright/test" {
  interface Fixtures {
    readonly context: import("playwright-core").BrowserContext;
    readonly page: import("playwright-core").Page;
  }
  export const test: {
    (name: string, run: (fixtures: Fixtures) => Promise<void>): void;
    afterAll(run: () => Promise<void>): void;
  };
  export function expect(locator: import("playwright-core").Locator): { toBeVisible(): Promise<void> };
}

// vue 3.5
declare module "vue" {
  export function shallowRef<T>(value: T): { value: T };
}

// svelte 5
declare module "svelte/store" {
  export function readable<T>(
    value: T,
    start: (set: (value: T) => void) => () => void,
  ): { subscribe(run: (value: T) => void): () => void };
}

// @angular/core 21
declare module "@angular/core" {
  export function signal<T>(value: T): { (): T; set(value: T): void };
}

// @microsoft/fetch-event-source 2.0
declare module "@microsoft/fetch-event-source" {
  export function fetchEventSource(
    url: string,
    options: { fetch?: typeof fetch; onmessage?: (message: { data: string }) => void },
  ): Promise<void>;
}
