/** The demo's page: you, the thief with a copy of your cookies, and what the server sees of both. */
import { whileDisabled } from "./busy.js";
import { MESSAGES, ROUTES } from "./counterfoil/protocol.js";
import { createDevices } from "./devices.js";
import { createOwnSessions } from "./own-sessions.js";
import { createPanel } from "./panel.js";
import { createSide } from "./side.js";
import { createSignIn } from "./sign-in.js";
import { createStage } from "./stage.js";
import { tellPhase } from "./story.js";
import { createTimeline } from "./timeline.js";
import { createAgentTransport, createBrowserTransport } from "./transports.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

// You refresh a little ahead of time, as a good client does; the thief waits longer, so that the two can be told apart on the screen.
const YOUR_LEAD = 2000;
const THIEFS_LEAD = 500;

const times = await (await fetch("/demo/times")).json();
/** @type {Omit<import("./story.js").Plot, "live" | "generation">} */
const plot = { thief: "", youRefreshed: false, thiefRefreshed: false, alarm: false, ending: "" };

const browser = createBrowserTransport();
const stage = createStage(times);
const yourPanel = createPanel(
  find("#you"),
  { title: "You", empty: "What you get stands here, newest first." },
  times.accessValidity,
);
const you = createSide({
  transport: browser,
  lead: YOUR_LEAD,
  onLog: yourPanel.log,
  onRotation() {
    plot.youRefreshed = true;
    timeline.keepOpen();
  },
});
const devices = createDevices((method, path) => you.withRefresh(() => browser.request(method, path)));
const ownSessions = createOwnSessions();
const timeline = createTimeline(find("#server-log"), times, ownSessions.include, onServerEvent);
const signIn = createSignIn(yourPanel.away, find("#you .panel-head"), {
  async signIn(name) {
    const answer = await browser.request("POST", "/login", new URLSearchParams({ name }));
    if (answer.status !== 200 || answer.marker === undefined) return answer.body.message;
    you.state.refreshedAt = undefined;
    begin(answer.marker, name);
    moveFocus("#you [data-action=me]");
    await you.call("me");
    return "";
  },
  async signOut() {
    await you.withRefresh(() => browser.request("POST", ROUTES.signOut));
    if (browser.peek() === undefined) you.state.live = false;
  },
});

const thiefsPanel = createPanel(find("#thief"), { title: "The thief", empty: "" }, times.accessValidity);
thiefsPanel.away.append("The session is over, so the copy of its cookies is worth nothing.");
/** @type {ReturnType<typeof createSide> | undefined} */
let thief;
let stealing = false;

yourPanel.show(you);
find("#steal").addEventListener("click", steal);
// Two tabs, or a reload: the cookies say that there is a session, and a refresh brings back what the page has lost.
if (browser.peek() !== undefined) await resume();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !you.state.live && browser.peek() !== undefined) location.reload();
});
setInterval(tick, 200);
tick();
find("main").dataset.ready = "";

async function resume() {
  await you.refresh();
  if (!you.state.live || you.state.marker === undefined) return;
  begin(you.state.marker, "");
  await you.call("me");
}

/** A session begins: the story starts anew. */
function begin(marker, user) {
  you.adopt(marker);
  you.state.user = user;
  ownSessions.add(marker.handle);
  Object.assign(plot, { thief: "", youRefreshed: false, thiefRefreshed: false, alarm: false, ending: "" });
  thief = undefined;
  find("#thief").hidden = true;
  find("#invitation").hidden = false;
  find("#steal-status").textContent = "";
  stage.silence();
  timeline.open();
}

async function steal() {
  find("#steal-status").textContent = "";
  stealing = true;
  const answer = await whileDisabled(find("#steal"), () =>
    you.withRefresh(() => browser.request("POST", "/session/refresh/steal")),
  );
  stealing = false;
  const { status, body } = answer;
  if (status !== 200 || you.state.marker === undefined) {
    find("#steal-status").textContent = explainRefusal(answer);
    return;
  }
  const side = createSide({
    transport: createAgentTransport(body.agent),
    lead: THIEFS_LEAD,
    onLog: thiefsPanel.log,
    onRotation() {
      plot.thiefRefreshed = true;
    },
  });
  // The copies are as old as the originals.
  side.adopt(you.state.marker, performance.now() + you.left());
  thief = side;
  Object.assign(plot, { thief: "live", youRefreshed: false, thiefRefreshed: false });
  thiefsPanel.clearLog();
  thiefsPanel.show(side);
  find("#invitation").hidden = true;
  find("#thief").hidden = false;
  moveFocus("#thief [data-action=me]");
  await side.call("me");
}

/** @param {import("./transports.js").Answer} answer */
function explainRefusal({ status, body }) {
  if (status === 0) return "No answer from the server.";
  if (body.message === MESSAGES.tryRefreshToken) return "Your access token has expired; press Refresh now, then steal.";
  return `That did not work: ${body.message}.`;
}

/** @param {import("./timeline.js").ServerEvent} event */
function onServerEvent(event) {
  const mine = event.handles.includes(you.state.marker?.handle ?? "");
  if (mine && event.name === "reuse-detected") {
    plot.alarm = true;
    stage.ring(event);
  }
  if (mine && event.name === "session-revoked") {
    plot.ending = event.reason;
    // Each side sees for itself what its tokens are worth now. Who signs out knows it already.
    if (event.reason !== "sign-out") void you.check();
    void thief?.check();
  } else if (event.name.startsWith("session-")) {
    void devices.reload();
  }
}

function tick() {
  followOtherTabs();
  for (const side of [you, thief]) side?.tick();
  yourPanel.update();
  if (thief !== undefined) thiefsPanel.update();
  const { live, marker } = you.state;
  signIn.update(you.state);
  devices.setSignedIn(live);
  find("#steal").disabled = !live || stealing;
  if (thief !== undefined) plot.thief = thief.state.live ? "live" : "over";
  stage.tell(tellPhase({ ...plot, live, generation: marker?.generation ?? 0 }, times));
}

/** For the keyboard: what had the focus has just gone from the page. */
function moveFocus(selector) {
  tick();
  find(selector).focus();
}

/** Another tab of this browser can sign out, or sign in as somebody else. */
function followOtherTabs() {
  const { live, marker } = you.state;
  if (!live) return;
  const now = browser.peek();
  if (now === undefined) you.state.live = false;
  else if (now.handle !== marker?.handle) location.reload();
}
