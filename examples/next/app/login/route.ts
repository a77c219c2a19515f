import { createNewSession, withSessions } from "../../lib/sessions.ts";

export const POST = withSessions(async (request) => {
  const user = (await request.formData()).get("user");
  if (typeof user !== "string" || user === "" || user.length > 40) {
    return Response.json({ message: "give a name of 1 to 40 characters" }, { status: 400 });
  }
  // Here an app would check a password or a passkey.
  await createNewSession(request, user);
  return new Response(null, { status: 303, headers: { location: "/" } });
});
