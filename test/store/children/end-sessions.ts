/** Begins and ends sessions until it is killed, and reports each answer before it goes on. */
import { endSessions, ENDING } from "../endings-load.ts";
import { nextCommand, open, type Opening, report } from "./child.ts";

const start = await nextCommand<Opening>();
if (start === undefined) throw new Error("told nothing");
const { sessions } = await open(start, ENDING);
await endSessions(sessions, report, () => false);
