import { type SubmitEvent, useState } from "react";
import { textOf } from "./client.ts";

export interface Form {
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  readonly isBusy: boolean;
  /** What `run` resolved to, if it was the last to happen. */
  readonly outcome: string;
  /** What it threw instead. */
  readonly problem: string;
}

/**
 * What a form does, and what its user is told of it. `useActionState` would do the same, but React
 * shows nothing of one action until all others have ended, and a call that waits for the step-up is
 * one that has not.
 */
export function useForm(run: (field: (name: string) => string) => Promise<string | void>): Form {
  const [state, setState] = useState({ isBusy: false, outcome: "", problem: "" });

  async function submit(form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form);
    setState({ isBusy: true, outcome: "", problem: "" });
    try {
      const outcome = (await run((name) => textOfField(fields, name))) ?? "";
      form.reset();
      setState({ isBusy: false, outcome, problem: "" });
    } catch (error) {
      setState({ isBusy: false, outcome: "", problem: textOf(error) });
    }
  }

  return {
    ...state,
    onSubmit(event) {
      event.preventDefault();
      void submit(event.currentTarget);
    },
  };
}

function textOfField(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}
