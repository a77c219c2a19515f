/** Addresses as text, for runtimes with and without `node:net`. */
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
/** A URL takes other characters, too, and would end the address at some of them. */
const IPV6_CHARACTERS = /^[\da-f:.]{2,45}$/i;

export const isIPv4 = (text: string): boolean => IPV4.test(text);

/** Without a zone. */
export const isIPv6 = (text: string): boolean => IPV6_CHARACTERS.test(text) && URL.canParse(`http://[${text}]`);
