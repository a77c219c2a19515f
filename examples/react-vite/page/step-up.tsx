import { onStepUp } from "counterfoil/step-up";
import { type ReactNode, useEffect, useRef } from "react";
import { client, signIn } from "./client.ts";
import { useForm } from "./use-form.ts";

/** Asks for the password when a call needs a fresher sign-in. The client then sends it again. */
export function StepUp(): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const settle = useRef<(isDone: boolean) => void>(undefined);

  useEffect(() => {
    const stop = onStepUp(client, () => {
      dialog.current?.showModal();
      return new Promise((resolve) => {
        settle.current = resolve;
      });
    });
    return () => {
      stop();
      settle.current?.(false);
    };
  }, []);

  const { onSubmit, isBusy, problem } = useForm(async (field) => {
    await signIn("POST /session/refresh/again", { password: field("password") });
    settle.current?.(true);
    dialog.current?.close();
  });

  return (
    // Escape closes it as well; the call then keeps its refusal.
    <dialog ref={dialog} className="card" aria-labelledby="again" onClose={() => settle.current?.(false)}>
      <form onSubmit={onSubmit}>
        <h2 id="again">Is it you?</h2>
        <label>
          Your password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {problem !== "" && <p role="alert">{problem}</p>}
        <div className="row">
          <button disabled={isBusy}>Confirm</button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
