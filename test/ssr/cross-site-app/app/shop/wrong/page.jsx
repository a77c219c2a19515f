import { createServerSession } from "counterfoil/next";
import { sessions } from "../../../lib/sessions.js";

/** What Next forbids: a page that sets cookies. */
export default async function WrongPage() {
  try {
    await createServerSession("dave", { sessions });
    return <h1>signed in</h1>;
  } catch (error) {
    const left = await sessions.getAllSessionHandlesForUser("dave");
    return (
      <h1>
        {error.message} {left.length} left
      </h1>
    );
  }
}

export const dynamic = "force-dynamic";
