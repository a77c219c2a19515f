import { getServerSession } from "counterfoil/next";
import { sessions } from "../../../lib/sessions.js";
import { signIn, signOut } from "../../../lib/account.js";
import { SignInByScript } from "../../../lib/sign-in-by-script.jsx";

/** A page that signs in and out by server actions, which render it again. */
export default async function AccountPage() {
  const session = await getServerSession({ sessions });
  return (
    <main>
      <h1>{session === undefined ? "Nobody" : session.getUserId()}</h1>
      <form action={signIn}>
        <input name="user" defaultValue="bob" />
        <button id="in">Sign in</button>
      </form>
      <form action={signOut}>
        <button id="out">Sign out</button>
      </form>
      <SignInByScript />
    </main>
  );
}
