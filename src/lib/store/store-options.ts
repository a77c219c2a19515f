import { readSection, type SectionReader } from "../options/config-reader.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";

/** Checks the options of a store. @throws ConfigError with everything that is wrong with them */
export function readStoreOptions<T>(name: string, options: unknown, read: (section: SectionReader) => T): T {
  const faults: ConfigFault[] = [];
  const section = readSection(options, name, faults);
  const result = read(section);
  section.finish();
  if (faults.length > 0) throw new ConfigError(faults);
  return result;
}

export const refusePrefix = (prefix: string): string | undefined =>
  /^[a-z_][a-z0-9_]{0,30}$/.test(prefix)
    ? undefined
    : 'is not the beginning of a table name; write up to 31 lower-case letters, digits and "_", as in "shop_"';
