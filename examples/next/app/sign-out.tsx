"use client";

import type { ReactNode } from "react";

export function SignOut(): ReactNode {
  async function signOut(): Promise<void> {
    await fetch("/session/signout", { method: "POST" });
    location.assign("/");
  }
  return <button onClick={() => void signOut()}>Sign out</button>;
}
