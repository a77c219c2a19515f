import type { ReactNode } from "react";

export default function About(): ReactNode {
  return <h1>About</h1>;
}
