/** Starts on a database that may be empty, when it is told to, and reports whatever its keys and its secret show in. */
import { codeOf, nextCommand, open, report } from "./child.ts";

export interface FirstStart {
  readonly error?: string;
  readonly kids: readonly (string | undefined)[];
  readonly accessToken: string;
  readonly antiCsrfToken: string;
  readonly refreshToken: string;
}

report("loaded");
await nextCommand();
const { sessions } = open({ tokens: { accessToken: { signing: "EdDSA" } } });
try {
  await sessions.ready();
  const { keys } = await sessions.getJwks();
  const { accessToken, antiCsrfToken = "", refreshToken } = await sessions.createNewSession(`user ${process.pid}`);
  const tokens = { accessToken: accessToken.value, refreshToken: refreshToken.value, antiCsrfToken };
  report({ kids: keys.map((key) => key.kid), ...tokens } satisfies FirstStart);
} catch (error) {
  report({ error: `${codeOf(error)} ${String(error)}`, kids: [] });
}
process.exit();
