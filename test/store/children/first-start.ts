/** Starts on a database that may be empty, and tells whatever its keys and its secret show in. */
import { codeOf, open, type Opening } from "./child.ts";

export interface FirstStart {
  readonly error?: string;
  readonly kids: readonly (string | undefined)[];
  readonly accessToken: string;
  readonly antiCsrfToken: string;
  readonly refreshToken: string;
}

export async function firstStart(opening: Opening): Promise<FirstStart> {
  const { sessions } = await open(opening, { tokens: { accessToken: { signing: "EdDSA" } } });
  const failed = { kids: [], accessToken: "", antiCsrfToken: "", refreshToken: "" };
  try {
    await sessions.ready();
    const { keys } = await sessions.getJwks();
    const { accessToken, antiCsrfToken = "", refreshToken } = await sessions.createNewSession(`user ${process.pid}`);
    const kids = keys.map((key) => key.kid);
    return { kids, accessToken: accessToken.value, refreshToken: refreshToken.value, antiCsrfToken };
  } catch (error) {
    return { ...failed, error: `${codeOf(error)} ${String(error)}` };
  } finally {
    await sessions.close();
  }
}
