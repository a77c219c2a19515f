import { createSessionClient } from "/counterfoil/browser.js";

const client = createSessionClient();
const form = document.querySelector("form");
const section = document.querySelector("section");
const say = (text) => (document.querySelector("[role=status]").textContent = text);

function show() {
  const session = client.session();
  form.hidden = session.status !== "signed-out";
  section.hidden = session.status !== "signed-in";
  document.querySelector("#name").textContent = session.claims?.name ?? "";
  if (session.reason === "ended") say("Your session has ended. Please sign in again.");
}
client.subscribe(show); // in this tab or another one
show();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const response = await client.signIn(event.submitter.value, { method: "POST", headers, body });
  const { message = "" } = await response.json();
  say(response.sessionError?.message ?? message);
});

document.querySelector("#like").addEventListener("click", async () => {
  const response = await client.fetch("/api/like", { method: "POST" });
  const { likes, message } = await response.json();
  if (response.ok) say(`Likes in this session: ${likes}`);
  else if (client.session().status === "signed-in") say(message);
});

document.querySelector("#out").addEventListener("click", async () => {
  say("");
  await client.signOut();
});
