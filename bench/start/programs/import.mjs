import { tell } from "./tell.mjs";

await import(process.argv[2] ?? "");
tell();
