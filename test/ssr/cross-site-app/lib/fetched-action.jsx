"use client";
import { useState } from "react";
import { transfer } from "./transfer.js";

export function FetchedAction() {
  const [state, setState] = useState("");
  return (
    <>
      <button id="script" onClick={() => transfer().then(() => setState("done"))}>
        By script
      </button>
      <output>{state}</output>
    </>
  );
}
