import { describeUnlessMissing } from "../run/describe-unless-missing.ts";
import { missingPackage, type ServerKind } from "./binaries.ts";

/** `describe` for tests that need a server of this kind. */
export function describeWithServer(kind: ServerKind, name: string, define: () => void): void {
  const missing = missingPackage(kind);
  describeUnlessMissing(
    missing === undefined ? undefined : { what: `${kind} server`, fix: `install Debian's ${missing}` },
    name,
    define,
  );
}
