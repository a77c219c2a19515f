import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { getServerSession } from "../../lib/sessions.ts";

async function addNote(form: FormData): Promise<void> {
  "use server";
  const session = await getServerSession();
  if (session === undefined) redirect("/");
  const note = form.get("note");
  if (typeof note !== "string" || note.length > 200) return;
  await session.updateSessionData(({ notes = [] }) => ({ notes: [...notes, note].slice(-10) }));
  revalidatePath("/notes");
}

export default async function Notes(): Promise<ReactNode> {
  const session = await getServerSession();
  if (session === undefined) redirect("/");
  const { notes = [] } = await session.getSessionData();
  return (
    <main>
      <h1>Notes of {session.getUserId()}</h1>
      <ol>
        {notes.map((note, index) => (
          <li key={index}>{note}</li>
        ))}
      </ol>
      <form action={addNote}>
        <input name="note" aria-label="A note" required /> <button>Add</button>
      </form>
    </main>
  );
}
