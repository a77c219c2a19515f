/**
 * What one verification costs: `npm run bench`. Candidates run interleaved in one process; figures are medians of the rounds, and the
 * ratios are what to read, for machines are noisy.
 */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { jwtVerify, SignJWT } from "jose";

const LIVE_TOKENS = 1000;
const ROUNDS = 15;
const CALLS = 20_000;

interface Candidate {
  readonly name: string;
  readonly calls: number;
  readonly run: (index: number) => unknown;
}

const claims = { role: "admin", organisation: "acme" };

async function ofCounterfoil(
  name: string,
  cacheSize: number,
  antiCsrf: boolean,
  signing: "HS256" | "EdDSA",
): Promise<Candidate> {
  const sessions = createSessions({ store: memory(), tokens: { accessToken: { cacheSize, signing } } });
  const made = await Promise.all(
    Array.from({ length: LIVE_TOKENS }, (_, index) => sessions.createNewSession(`user-${index}`, claims)),
  );
  const tokens = made.map(({ accessToken, antiCsrfToken }) => ({
    access: accessToken.value,
    antiCsrf: antiCsrf ? antiCsrfToken : null,
  }));
  return {
    name,
    calls: cacheSize === 0 && signing === "EdDSA" ? CALLS / 20 : CALLS,
    run(index) {
      const token = tokens[index % LIVE_TOKENS];
      return sessions.getSession(token?.access ?? "", token?.antiCsrf);
    },
  };
}

async function ofJose(): Promise<Candidate> {
  const key = createSecretKey(randomBytes(32));
  const sign = (index: number): Promise<string> =>
    new SignJWT({ sid: "0123456789abcdefghijklmn", auth_time: 1, cv: 1, pld: claims })
      .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "0123456789a" })
      .setSubject(`user-${index}`)
      .setIssuedAt()
      .setExpirationTime("15m")
      .sign(key);
  const tokens = await Promise.all(Array.from({ length: LIVE_TOKENS }, (_, index) => sign(index)));
  const options = { algorithms: ["HS256"], typ: "at+jwt" };
  return {
    name: "jose, HS256",
    calls: CALLS / 4,
    run: (index) => jwtVerify(tokens[index % LIVE_TOKENS] ?? "", key, options),
  };
}

/** What cannot be gone below without a cache: createHmac, compare, JSON.parse. */
function ofBareHmac(): Candidate {
  const key = createSecretKey(randomBytes(32));
  const payload = JSON.stringify({
    sub: "user-1",
    sid: "0123456789abcdefghijklmn",
    iat: 1,
    exp: 2,
    auth_time: 1,
    cv: 1,
    pld: claims,
  });
  const input = `${"h".repeat(72)}.${Buffer.from(payload).toString("base64url")}`;
  const signature = createHmac("sha256", key).update(input).digest();
  return {
    name: "bare createHmac, compare, JSON.parse",
    calls: CALLS,
    run() {
      if (!timingSafeEqual(createHmac("sha256", key).update(input).digest(), signature)) throw new Error("no");
      return JSON.parse(Buffer.from(input.slice(73), "base64url").toString()) as unknown;
    },
  };
}

const candidates: readonly Candidate[] = [
  await ofCounterfoil("counterfoil, seen before", 10_000, false, "HS256"),
  await ofCounterfoil("counterfoil, seen before, anti-CSRF", 10_000, true, "HS256"),
  await ofCounterfoil("counterfoil, seen before, EdDSA", 10_000, false, "EdDSA"),
  await ofCounterfoil("counterfoil, first sight", 0, false, "HS256"),
  await ofCounterfoil("counterfoil, first sight, anti-CSRF", 0, true, "HS256"),
  await ofCounterfoil("counterfoil, first sight, EdDSA", 0, false, "EdDSA"),
  ofBareHmac(),
  await ofJose(),
];

const times = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, calls, run } of candidates) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < calls; index += 1) await run(index);
    times.get(name)?.push(Number(process.hrtime.bigint() - start) / calls / 1000);
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const reference = median(times.get("jose, HS256") ?? []);
console.log(`Node ${process.version}, ${LIVE_TOKENS} live tokens, medians of ${ROUNDS} interleaved rounds`);
for (const [name, values] of times) {
  const us = median(values);
  console.log(`${name.padEnd(40)} ${us.toFixed(2).padStart(8)} us ${(reference / us).toFixed(1).padStart(7)} x jose`);
}
