import type { SignOutReason } from "counterfoil/browser";
import { useSession } from "counterfoil/react";
import type { ReactNode } from "react";
import { signIn } from "./client.ts";
import { useForm } from "./use-form.ts";

/** Why somebody who was signed in sees this form. */
const REASONS: Readonly<Record<SignOutReason, string>> = {
  "sign-out": "You have signed out.",
  ended: "Your session has ended. Please sign in again.",
  theft: "Somebody else had a copy of your session, so it was ended. Please sign in, and change your password.",
  "cookies-blocked": "Please allow cookies for this site.",
};

export function SignIn(): ReactNode {
  const session = useSession();
  const { onSubmit, isBusy, problem } = useForm(async (field) => {
    await signIn("POST /api/login", { name: field("name"), password: field("password") });
  });
  const reason = session.status === "signed-out" ? session.reason : undefined;
  return (
    <form className="sign-in card" onSubmit={onSubmit}>
      <h1>Notes</h1>
      {reason !== undefined && problem === "" && <p role="status">{REASONS[reason]}</p>}
      <label>
        Name
        <input name="name" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {problem !== "" && <p role="alert">{problem}</p>}
      <button disabled={isBusy}>Sign in</button>
      <p className="hint">
        Try <b>alice</b> or, with the role admin, <b>olga</b>. The password is <b>open sesame</b>.
      </p>
    </form>
  );
}
