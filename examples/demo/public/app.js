/**
 * The demo's page: you, the thief with a copy of your cookies, and what the server sees of both.
 */
import { whileDisabled } from "./busy.js";
import { createDevices } from "./devices.js";
import { createOwnSessions } from "./own-sessions.js";
import { createPanel } from "./panel.js";
import { createSignIn } from "./sign-in.js";
import { createStage } from "./stage.js";
import { tellPhase } from "./story.js";
import { createThief } from "./thief.js";
import { createTimeline } from "./timeline.js";
import { createYou } from "./you.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

const times = await (await fetch("/demo/times")).json();
/** @type {Omit<import("./story.js").Plot, "live" | "generation">} */
const plot = { thief: "", youRefreshed: false, thiefRefreshed: false, alarm: false, ending: "" };

const stage = createStage(times);
const yourPanel = createPanel(
  find("#you"),
  { title: "You", empty: "What you get stands here, newest first." },
  times.accessValidity,
);
const you = createYou({
  onLog: yourPanel.log,
  onBegin: begin,
  onRotation() {
    plot.youRefreshed = true;
    timeline.keepOpen();
  },
  onEnd(reason) {
    if (reason === "sign-out") plot.ending = reason;
  },
});
const devices = createDevices(you);
const ownSessions = createOwnSessions();
const timeline = createTimeline(find("#server-log"), times, ownSessions.include, onServerEvent);
const signIn = createSignIn(yourPanel.away, find("#you .panel-head"), {
  async signIn(name) {
    const { status, body } = await you.signIn(name);
    if (status !== 200) return body.message;
    if (!you.state.live) return "Your browser keeps no cookies of this page.";
    moveFocus("#you [data-action=me]");
    await you.call("me");
    return "";
  },
  signOut: you.signOut,
});

const thiefsPanel = createPanel(find("#thief"), { title: "The thief", empty: "" }, times.accessValidity);
thiefsPanel.away.append("The session is over, so the copy of its cookies is worth nothing.");
/** @type {ReturnType<typeof createThief> | undefined} */
let thief;
let stealing = false;

yourPanel.show(you);
find("#steal").addEventListener("click", steal);
await you.resume();
setInterval(tick, 200);
tick();
find("main").dataset.ready = "";

/** A session begins, in this tab or another: the story starts anew. */
function begin() {
  ownSessions.add(you.state.marker.handle);
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
  const { status, body } = await whileDisabled(find("#steal"), () => you.request("POST", "/session/refresh/steal"));
  stealing = false;
  const { user, marker } = you.state;
  if (status !== 200 || marker === undefined) {
    find("#steal-status").textContent = `That did not work: ${body.message}.`;
    return;
  }
  const side = createThief({
    agent: body.agent,
    copy: { user, marker },
    onLog: thiefsPanel.log,
    onRotation() {
      plot.thiefRefreshed = true;
    },
  });
  thief = side;
  Object.assign(plot, { thief: "live", youRefreshed: false, thiefRefreshed: false });
  thiefsPanel.clearLog();
  thiefsPanel.show(side);
  find("#invitation").hidden = true;
  find("#thief").hidden = false;
  moveFocus("#thief [data-action=me]");
  await side.call("me");
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
  for (const side of [you, thief]) side?.tick();
  yourPanel.update();
  if (thief !== undefined) thiefsPanel.update();
  const { live, marker } = you.state;
  signIn.update(you.state);
  devices.update(live);
  find("#steal").disabled = !live || stealing;
  if (thief !== undefined) plot.thief = thief.state.live ? "live" : "over";
  stage.tell(tellPhase({ ...plot, live, generation: marker?.generation ?? 0 }, times));
}

/** For the keyboard: what had the focus has just gone from the page. */
function moveFocus(selector) {
  tick();
  find(selector).focus();
}
