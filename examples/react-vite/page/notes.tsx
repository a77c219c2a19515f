import { type ReactNode, useEffect, useState } from "react";
import type { Note } from "../shared/api.ts";
import { call, textOf } from "./client.ts";
import { useForm } from "./use-form.ts";

export function Notes(): ReactNode {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const [loadProblem, setLoadProblem] = useState("");
  useEffect(() => {
    call("GET /api/notes", undefined).then(setNotes, (error: unknown) => setLoadProblem(textOf(error)));
  }, []);

  const { onSubmit, isBusy, problem } = useForm(async (field) => {
    const note = await call("POST /api/notes", { text: field("text") });
    setNotes((before) => [...before, note]);
  });

  return (
    <section className="card" aria-labelledby="notes">
      <h2 id="notes">Notes of all</h2>
      <ul>
        {notes.map(({ id, by, text }) => (
          <li key={id}>
            <span>{text}</span> <small>{by}</small>
          </li>
        ))}
      </ul>
      <form className="row" onSubmit={onSubmit}>
        <input name="text" aria-label="A note" required maxLength={1000} />
        <button disabled={isBusy}>Add</button>
      </form>
      {problem + loadProblem !== "" && <p role="alert">{problem || loadProblem}</p>}
    </section>
  );
}
