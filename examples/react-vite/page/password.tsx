import type { ReactNode } from "react";
import { call } from "./client.ts";
import { useForm } from "./use-form.ts";

/** The dangerous action. If the sign-in is too old, `StepUp` asks before the call is sent again. */
export function Password(): ReactNode {
  const { onSubmit, isBusy, outcome, problem } = useForm(async (field) => {
    const { endedSessions } = await call("POST /api/password", { password: field("password") });
    return `Your password is changed. Sessions on other devices that ended: ${endedSessions}.`;
  });
  return (
    <section className="card" aria-labelledby="password">
      <h2 id="password">A new password</h2>
      <form className="row" onSubmit={onSubmit}>
        <input
          name="password"
          type="password"
          aria-label="New password"
          autoComplete="new-password"
          minLength={8}
          required
        />
        <button disabled={isBusy}>Change</button>
      </form>
      <p role="status">{outcome}</p>
      {problem !== "" && <p role="alert">{problem}</p>}
    </section>
  );
}
