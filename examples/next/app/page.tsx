import Link from "next/link";
import type { ReactNode } from "react";
import { getServerSession } from "../lib/sessions.ts";
import { SignOut } from "./sign-out.tsx";

export default async function Home(): Promise<ReactNode> {
  const session = await getServerSession();
  if (session === undefined) {
    return (
      <form method="post" action="/login">
        <h1>Signed out</h1>
        <input name="user" aria-label="Your name" required maxLength={40} /> <button>Sign in</button>
      </form>
    );
  }
  return (
    <main>
      <h1>Signed in as {session.getUserId()}</h1>
      <Link href="/notes?page=1">Notes</Link> <SignOut />
    </main>
  );
}
