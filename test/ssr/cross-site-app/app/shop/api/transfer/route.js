import { getServerSession } from "counterfoil/next";
import { sessions } from "../../../../lib/sessions.js";
import { transfer } from "../../../../lib/transfer.js";

export async function POST() {
  await transfer();
  return Response.json({ user: (await getServerSession({ sessions }))?.getUserId() ?? null });
}

export { POST as GET };
