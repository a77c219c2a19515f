import { SignedIn, useSession, useSessionClient, useSessionFetch } from "counterfoil/react";
import { type ReactNode, type SubmitEvent, useState } from "react";
import type { Claims } from "../src/sessions.ts";

export function App(): ReactNode {
  return (
    <>
      <h1>My app</h1>
      <SignedIn<Claims> fallback={<SignIn />} loading={<p>One moment …</p>}>
        {({ claims }) => (
          <>
            <p>
              You are <b>{claims.name}</b>.
            </p>
            <Like /> <SignOut />
          </>
        )}
      </SignedIn>
    </>
  );
}

function SignIn(): ReactNode {
  const client = useSessionClient();
  const session = useSession();
  const [problem, setProblem] = useState("");

  async function submit(path: string, form: HTMLFormElement): Promise<void> {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(Object.fromEntries(new FormData(form)));
    const response = await client.signIn(path, { method: "POST", headers, body });
    const { message = "" } = (await response.json()) as { message?: string };
    setProblem(response.sessionError?.message ?? message);
  }

  function onSubmit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const button = event.nativeEvent.submitter as HTMLButtonElement;
    void submit(button.value, event.currentTarget);
  }

  const hasEnded = session.status === "signed-out" && session.reason === "ended";
  return (
    <form onSubmit={onSubmit}>
      <label>
        Name <input name="name" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button value="/api/sign-in">Sign in</button> <button value="/api/sign-up">Sign up</button>
      <p role="status">{problem || (hasEnded && "Your session has ended. Please sign in again.")}</p>
    </form>
  );
}

function Like(): ReactNode {
  const fetch = useSessionFetch();
  const [likes, setLikes] = useState<number>();

  async function like(): Promise<void> {
    const response = await fetch("/api/like", { method: "POST" });
    if (response.ok) setLikes(((await response.json()) as { likes: number }).likes);
  }

  return (
    <>
      {likes !== undefined && <p role="status">Likes in this session: {likes}</p>}
      <button type="button" onClick={() => void like()}>
        Like
      </button>
    </>
  );
}

function SignOut(): ReactNode {
  const client = useSessionClient();
  return (
    <button type="button" onClick={() => void client.signOut()}>
      Sign out
    </button>
  );
}
