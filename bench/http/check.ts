import { type Contender, NOBODY } from "./contenders.ts";
import { ask } from "./load.ts";
import { type Credentials, writeForgeries, writeRequest } from "./requests.ts";

/**
 * Whether a contender does what its figures are about: lets the very user through, and refuses
 * forgeries.
 *
 * @returns the length of its answers
 */
export async function checkContender(
  port: number,
  contender: Contender,
  given: readonly Credentials[],
): Promise<number> {
  const name = `${contender.framework}, ${contender.guard}`;
  const isProtected = contender.guard !== "none";
  const lengths = new Set<number>();
  for (const credentials of [...given.slice(0, 2), ...given.slice(-1)]) {
    const answer = await ask(port, writeRequest(credentials));
    const user = isProtected ? credentials.user : NOBODY;
    if (!answer.startsWith("HTTP/1.1 200 ") || !answer.includes(`"${user}"`))
      throw new Error(`${name} does not let ${user} through: ${answer}`);
    lengths.add(answer.length);
  }
  const [first] = given;
  if (isProtected && first !== undefined) {
    for (const [what, forgery] of Object.entries(writeForgeries(contender, first))) {
      const answer = await ask(port, forgery);
      if (!/^HTTP\/1\.1 40[13] /.test(answer)) throw new Error(`${name} does not refuse ${what}: ${answer}`);
    }
  }
  const [length] = lengths;
  if (length === undefined || lengths.size > 1) throw new Error(`${name} answers with different lengths`);
  return length;
}
