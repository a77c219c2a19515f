"use server";
import { getServerSession } from "counterfoil/next";
import { sessions } from "./sessions.js";

/** What an attacker wants to happen. */
export async function transfer() {
  const session = await getServerSession({ sessions });
  if (session === undefined) return;
  await session.updateSessionData(({ transfers = 0 }) => ({ transfers: transfers + 1 }));
}
