import { getServerSession } from "counterfoil/next";
import { FetchedAction } from "./fetched-action.jsx";
import { sessions } from "./sessions.js";
import { transfer } from "./transfer.js";

/** A page that says who is signed in, with the action as a form and as a script calls it. */
export async function TransferPage() {
  const session = await getServerSession({ sessions });
  return (
    <main>
      <h1>{session === undefined ? "Nobody" : session.getUserId()}</h1>
      <form action={transfer}>
        <button id="form">By form</button>
      </form>
      <FetchedAction />
    </main>
  );
}
