/** The user's own devices, and the end of one. */
import { createAgent } from "./agent.js";
import { ROUTES } from "./counterfoil/protocol.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

/**
 * @param {object} you
 * @param {(method: string, path: string) => Promise<{ status: number, body: any }>} you.request
 * @param {{ bound: string }} you.state
 * @param {() => boolean} you.mayAsk whether now is the time to ask without having been told to
 */
export function createDevices({ state, request, mayAsk }) {
  const list = find("#devices");
  const [add, endOthers] = [find("#add-device"), find("#end-others")];
  /**
   * Agents that this page has made, by the handle of their session. @type {Map<string, { id:
   * string, name: string }>}
   */
  const agents = new Map();
  let signedIn = false;
  let stale = false;
  let loading = false;

  add.addEventListener("click", async () => {
    const { status, body } = await request("POST", "/demo/devices");
    if (status !== 200) return say(`That did not work: ${body.message}.`);
    agents.set(body.handle, { id: body.agent, name: body.name });
    say(`Signed in on a ${body.name.toLowerCase()} as well.`);
    return reload();
  });
  endOthers.addEventListener("click", () => end("others=true"));

  async function end(/** @type {string} */ which) {
    const { status, body } = await request("POST", `${ROUTES.revoke}?${which}`);
    say(status === 200 ? `Ended ${body.revoked === 1 ? "one session" : `${body.revoked} sessions`}.` : body.message);
    const agent = agents.get(new URLSearchParams(which).get("handle") ?? "");
    if (agent !== undefined) {
      const { status: got, body: refusal } = await createAgent(agent.id).send("me");
      say(`Ended. The ${agent.name.toLowerCase()} called the API just now and got ${got}: ${refusal.message}.`);
    }
    await reload();
  }

  /** However often it is called meanwhile, one list is asked for at a time. */
  async function reload() {
    stale = true;
    if (loading || !mayAsk()) return;
    loading = true;
    while (stale && mayAsk()) await load();
    loading = false;
  }

  async function load() {
    stale = false;
    if (!signedIn) return;
    const { status, body } = await request("GET", ROUTES.sessions);
    // The answer may come after a sign-out.
    if (status === 200 && signedIn) show(body.sessions);
  }

  function show(/** @type {any[]} */ sessions) {
    const own = sessions.find(({ current }) => current);
    if (own !== undefined) state.bound = own.binding === null ? "no device" : "this device";
    sessions.sort((a, b) => Number(b.current) - Number(a.current) || b.createdAt - a.createdAt);
    const focused = list.querySelector(":focus")?.dataset.handle;
    list.replaceChildren(...sessions.map((session) => createRow(session, () => end(`handle=${session.handle}`))));
    list.querySelector(`button[data-handle="${focused}"]`)?.focus();
    endOthers.disabled = sessions.length < 2;
  }

  return {
    reload,
    /**
     * Called several times a second.
     * @param {boolean} live whether there is a session, and so a list
     */
    update(live) {
      if (live !== signedIn) {
        signedIn = live;
        add.disabled = !live;
        endOthers.disabled = true;
        say("");
        stale = live;
        if (!live) list.replaceChildren();
      }
      if (stale) void reload();
    },
  };
}

function say(/** @type {string} */ text) {
  find("#devices-status").textContent = text;
}

/** @param {any} session @param {() => void} end */
function createRow({ handle, current, device, lastSeenAt }, end) {
  const row = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = device.label ?? device.userAgent ?? "Unknown device";
  const facts = document.createElement("span");
  const seen = new Date(lastSeenAt).toLocaleTimeString("en-GB");
  facts.textContent = [device.label && device.userAgent, device.ip, `seen ${seen}`].filter(Boolean).join(" · ");
  row.append(name, facts);
  if (current) {
    const mark = document.createElement("em");
    mark.textContent = "this session";
    row.append(mark);
    return row;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = "End";
  button.dataset.handle = handle;
  button.setAttribute("aria-label", `End the session on ${name.textContent}`);
  button.addEventListener("click", end);
  row.append(button);
  return row;
}
