/** Run by bytes.test.ts with `--expose-gc` and room for all that it makes: prints bytes as JSON. */
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";

const collect = globalThis.gc as () => void;
const used = (): number => process.memoryUsage().heapUsed;
const isPlanted = process.argv[2] === "planted";

const ROUNDS = 6;
const CALLS = 20_000;
const TOKENS = 10_000;
const claims = { role: "admin", organisation: "acme" };

/**
 * What one look at a known token allocates, the promise of the public function and its await
 * included.
 */
async function bytesOfVerification(): Promise<number> {
  const sessions = createSessions({ store: memory() });
  const { accessToken, antiCsrfToken } = await sessions.createNewSession("alice", claims);
  const verify = async (): Promise<void> => {
    for (let call = 0; call < CALLS; call += 1) {
      const { session } = await sessions.getSession(accessToken.value, antiCsrfToken);
      if (isPlanted) structuredClone(session.jwtPayload);
    }
  };
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    collect();
    const before = used();
    await verify();
    rounds.push((used() - before) / CALLS);
  }
  await sessions.close();
  // Code that is not compiled yet allocates more.
  return Math.min(...rounds);
}

/** What is kept of a token that has been verified, the token itself included. */
async function bytesOfToken(): Promise<{ readonly bytes: number; readonly length: number }> {
  const store = memory();
  const maker = createSessions({ store, secret: "a secret of more than thirty-two characters" });
  const verifier = createSessions({
    store,
    secret: "a secret of more than thirty-two characters",
    tokens: { accessToken: { cacheSize: 2 * TOKENS } },
  });
  const texts: Buffer[] = [];
  for (let user = 0; user < TOKENS; user += 1)
    texts.push(Buffer.from((await maker.createNewSession(`user-${user}`, claims)).accessToken.value));
  await verifier.ready();
  collect();
  const before = used();
  for (const text of texts) await verifier.getSession(text.toString("latin1"), null);
  collect();
  const bytes = (used() - before) / TOKENS;
  await verifier.close();
  return { bytes, length: texts[0]?.length ?? 0 };
}

console.log(JSON.stringify({ verification: await bytesOfVerification(), token: await bytesOfToken() }));
