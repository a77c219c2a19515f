/**
 * An app that is bundled: signs in by each store that is named, or tries a domain, and writes what
 * came of it.
 */
import { type BundledStore, isDomainTaken, signIn } from "./sign-in.ts";

async function main(): Promise<void> {
  const domain = process.env["DOMAIN"];
  if (domain !== undefined) {
    console.log(isDomainTaken(domain));
    return;
  }
  const stores = JSON.parse(process.argv[2] ?? "[]") as readonly [BundledStore, string][];
  const outcomes = await Promise.all(stores.map(([name, at]) => signIn(name, at)));
  console.log(JSON.stringify(outcomes));
}

void main();
