"use client";
import { useState } from "react";
import { signInByScript } from "./account.js";

export function SignInByScript() {
  const [user, setUser] = useState("");
  return (
    <>
      <button id="script-in" onClick={() => signInByScript().then(setUser)}>
        Sign in by script
      </button>
      <output>{user}</output>
    </>
  );
}
