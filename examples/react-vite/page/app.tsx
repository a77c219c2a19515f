import { SignedIn } from "counterfoil/react";
import type { ReactNode } from "react";
import type { Claims } from "../shared/api.ts";
import { client } from "./client.ts";
import { Devices } from "./devices.tsx";
import { Notes } from "./notes.tsx";
import { Password } from "./password.tsx";
import { SignIn } from "./sign-in.tsx";
import { StepUp } from "./step-up.tsx";
import { Users } from "./users.tsx";

export function App(): ReactNode {
  return (
    <SignedIn<Claims> fallback={<SignIn />} loading={<p className="loading">One moment …</p>}>
      {({ userId, claims }) => (
        // With another user everything below begins anew.
        <div key={userId} className="app">
          <header>
            <h1>Notes</h1>
            <p>
              {userId} <span className="role">{claims.role}</span>
            </p>
            <button type="button" onClick={() => void client.signOut()}>
              Sign out
            </button>
          </header>
          <main>
            <Notes />
            <Devices />
            <Password />
            <Users />
          </main>
          <StepUp />
        </div>
      )}
    </SignedIn>
  );
}
