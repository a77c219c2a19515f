export const refusePrefix = (prefix: string): string | undefined =>
  /^[a-z_][a-z0-9_]{0,30}$/.test(prefix)
    ? undefined
    : 'is not the beginning of a table name; write up to 31 lower-case letters, digits and "_", as in "shop_"';
