import { named } from "../versions.ts";
import type { VerifyOrder } from "./library.ts";

export interface Contender {
  readonly id: string;
  readonly name: string;
  readonly order: Omit<VerifyOrder, "mysql">;
}

export interface Group {
  /** Of its table. */
  readonly id: string;
  readonly title: string;
  /** Among them the one with the id `floor`, with which the others are compared. */
  readonly contenders: readonly Contender[];
  readonly notes?: readonly string[];
}

const [FEW, MANY, VERY_MANY] = [1000, 20_000, 100_000] as const;
/** Of the library, as shipped. */
const DEFAULT_CACHE = 10_000;
const PLAIN = { signing: "HS256", cacheSize: 0, antiCsrf: false } as const;

const counterfoil = (id: string, name: string, order: Partial<Contender["order"]>): Contender => ({
  id,
  name: `Counterfoil, ${name}`,
  order: { library: "counterfoil", tokens: FEW, ...PLAIN, cacheSize: DEFAULT_CACHE, ...order },
});

const peer = (
  id: string,
  name: string,
  order: Partial<Contender["order"]> & Pick<VerifyOrder, "library">,
): Contender => ({
  id,
  name,
  order: { tokens: FEW, ...PLAIN, ...order },
});

const floor = (tokens: number): Contender =>
  peer("floor", "floor: one map hit, expiry, anti-CSRF compared", { library: "floor", tokens, antiCsrf: true });

const fastJwtCache = (tokens: number): Contender =>
  peer("fast-jwt-cache", `${named("fast-jwt")}, its cache`, {
    library: "fast-jwt",
    tokens,
    cacheSize: Math.max(tokens, FEW),
  });

const repeated = (tokens: number, more: readonly Contender[]): Group => ({
  id: `verify-${tokens}`,
  title: `Verify: ${tokens.toLocaleString("en")} live tokens, in turn`,
  contenders: [
    floor(tokens),
    counterfoil("anti-csrf", "anti-CSRF", { tokens, cacheSize: Math.max(2 * tokens, DEFAULT_CACHE), antiCsrf: true }),
    ...more,
    fastJwtCache(tokens),
  ],
  notes: [
    `Counterfoil's \`cacheSize\` is ${Math.max(2 * tokens, DEFAULT_CACHE).toLocaleString("en")} where no other is named.`,
  ],
});

const justAsMany = (tokens: number): Contender =>
  counterfoil("just-as-many", `anti-CSRF, \`cacheSize: ${tokens}\``, { tokens, cacheSize: tokens, antiCsrf: true });

const withoutCache = (tokens: number): Contender =>
  counterfoil("no-cache", "anti-CSRF, `cacheSize: 0`", { tokens, cacheSize: 0, antiCsrf: true });

/** @param most live tokens, so that a quick run need not make a hundred thousand */
export const groupsOf = (most: number): readonly Group[] =>
  GROUPS.map((group) => ({
    ...group,
    contenders: group.contenders.map((contender) => ({
      ...contender,
      order: { ...contender.order, tokens: Math.min(contender.order.tokens, most) },
    })),
  }));

const GROUPS: readonly Group[] = [
  repeated(FEW, [
    counterfoil("plain", "no anti-CSRF", {}),
    counterfoil("eddsa", "anti-CSRF, EdDSA", { signing: "EdDSA", antiCsrf: true }),
    counterfoil("es256", "anti-CSRF, ES256", { signing: "ES256", antiCsrf: true }),
    peer("original", `${named("supertokens-node-mysql-ref-jwt")}, anti-CSRF`, { library: "original", antiCsrf: true }),
  ]),
  repeated(MANY, [justAsMany(MANY), withoutCache(MANY)]),
  repeated(VERY_MANY, [
    justAsMany(VERY_MANY),
    counterfoil("default-cache", "anti-CSRF, `cacheSize: 10000`, which always misses", {
      tokens: VERY_MANY,
      antiCsrf: true,
    }),
    withoutCache(VERY_MANY),
  ]),
  {
    id: "verify-first-sight",
    title: "Verify: first sight of a token",
    contenders: [
      peer("floor", "floor: two one-shot hashes, `timingSafeEqual`, `JSON.parse`", { library: "floor-first-sight" }),
      counterfoil("full-cache", "inserted into a full cache", { tokens: VERY_MANY }),
      counterfoil("no-cache", "`cacheSize: 0`", { cacheSize: 0 }),
      counterfoil("anti-csrf", "anti-CSRF, `cacheSize: 0`", { cacheSize: 0, antiCsrf: true }),
      counterfoil("eddsa", "EdDSA, `cacheSize: 0`", { cacheSize: 0, signing: "EdDSA" }),
      counterfoil("es256", "ES256, `cacheSize: 0`", { cacheSize: 0, signing: "ES256" }),
      peer("original", named("supertokens-node-mysql-ref-jwt"), { library: "original" }),
      peer("fast-jwt", `${named("fast-jwt")}, no cache`, { library: "fast-jwt" }),
      peer("jsonwebtoken", named("jsonwebtoken"), { library: "jsonwebtoken" }),
      peer("jose", named("jose"), { library: "jose" }),
      peer("jose-eddsa", `${named("jose")}, EdDSA`, { library: "jose", signing: "EdDSA" }),
      peer("jose-es256", `${named("jose")}, ES256`, { library: "jose", signing: "ES256" }),
      peer("iron-session", `${named("iron-session")}, \`unsealData\``, { library: "iron-session" }),
      peer("secure-session", `${named("@fastify/secure-session")}, \`decodeSecureSession\``, {
        library: "secure-session",
      }),
    ],
  },
];
