"use server";
import { createServerSession, signOutServerSession } from "counterfoil/next";
import { sessions } from "./sessions.js";

export async function signIn(form) {
  await createServerSession(String(form.get("user")), { sessions, jwtPayload: { role: "member" } });
}

export async function signOut() {
  await signOutServerSession({ sessions });
}

export async function signInByScript() {
  const session = await createServerSession("carol", { sessions });
  return session.getUserId();
}
