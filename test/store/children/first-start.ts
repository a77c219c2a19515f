/** Starts on the database of each command, which may be empty, and reports whatever its keys and its secret show in. */
import type { StoreAddress } from "../open-store.ts";
import { codeOf, nextCommand, open, report } from "./child.ts";

export interface FirstStart {
  readonly error?: string;
  readonly kids: readonly (string | undefined)[];
  readonly accessToken: string;
  readonly antiCsrfToken: string;
  readonly refreshToken: string;
}

report("ready");
for (;;) {
  const address = await nextCommand<StoreAddress>();
  if (address === undefined) break;
  const { sessions } = await open({ tokens: { accessToken: { signing: "EdDSA" } } }, address);
  try {
    await sessions.ready();
    const { keys } = await sessions.getJwks();
    const { accessToken, antiCsrfToken = "", refreshToken } = await sessions.createNewSession(`user ${process.pid}`);
    const tokens = { accessToken: accessToken.value, refreshToken: refreshToken.value, antiCsrfToken };
    report({ kids: keys.map((key) => key.kid), ...tokens } satisfies FirstStart);
  } catch (error) {
    report({ error: `${codeOf(error)} ${String(error)}`, kids: [] });
  }
  await sessions.close();
}
process.exit();
