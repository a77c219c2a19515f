import { Error as AuthError } from "counterfoil";
import type { ServerSession } from "counterfoil/next";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { getServerSession } from "../../lib/sessions.ts";

/** The session of a recent sign-in; undefined where the sign-in is too old. */
async function getFreshSession(): Promise<ServerSession | undefined> {
  try {
    return (await getServerSession({ maxAuthAge: "10m" })) ?? redirect("/");
  } catch (error) {
    if (AuthError.isErrorFromAuth(error) && error.code === "STEP_UP_REQUIRED") return undefined;
    throw error;
  }
}

export default async function Settings(): Promise<ReactNode> {
  const session = await getFreshSession();
  if (session === undefined) return <h1>Sign in again</h1>;
  return <h1>Settings of {session.getUserId()}</h1>;
}
