/**
 * The form for another name, which stands in your panel while you have no session, and the way out
 * while you have one.
 */
import { whileDisabled } from "./busy.js";

/**
 * @param {HTMLElement} place
 * @param {HTMLElement} head
 * @param {object} acts
 * @param {(name: string) => Promise<string>} acts.signIn what went wrong; empty when nothing did
 * @param {() => Promise<unknown>} acts.signOut
 */
export function createSignIn(place, head, acts) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("#sign-in"));
  place.replaceChildren(template.content.cloneNode(true));
  const form = /** @type {HTMLFormElement} */ (place.querySelector("form"));
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input"));
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const status = /** @type {HTMLElement} */ (form.querySelector("[role=status]"));
  const out = document.createElement("button");
  out.type = "button";
  out.className = "button small";
  out.textContent = "Sign out";
  out.addEventListener("click", () => void acts.signOut());
  head.append(out);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = "";
    const name = input.value.trim();
    if (name === "") {
      status.textContent = "Type a name; any will do.";
      input.focus();
      return;
    }
    status.textContent = await whileDisabled(submit, () => acts.signIn(name));
    if (status.textContent === "") input.value = "";
  });

  return {
    /** @param {boolean} live whether you have a session */
    update(live) {
      out.hidden = !live;
    },
  };
}
