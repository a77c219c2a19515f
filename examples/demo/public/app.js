/**
 * The demo's page: you, the thief with a copy of your cookies, and what the server sees of both.
 */
import { createDevices } from "./devices.js";
import { createPanel } from "./panel.js";
import { race } from "./race.js";
import { tellSides } from "./sides.js";
import { createSignIn } from "./sign-in.js";
import { createStage } from "./stage.js";
import { tellPhase } from "./story.js";
import { createTabs } from "./tabs.js";
import { createThief } from "./thief.js";
import { createTimeline } from "./timeline.js";
import { showTimes } from "./times.js";
import { createYou } from "./you.js";

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector);

const times = await (await fetch("/demo/times")).json();
const plot = createPlot();
/** Under which you sign in next. */
let name = "alice";
/** @type {ReturnType<typeof createThief> | undefined} */
let thief;

showTimes(find("#times"), times);
const tabs = createTabs(find("main"));
const ACTS = {
  "sign-in": () => signInAs(name),
  refresh: () => you.call("refresh"),
  steal,
  race: raceOn,
};
const stage = createStage(async (act) => {
  plot.trouble = "";
  plot.trouble = (await ACTS[act]()) ?? "";
  tick();
});
const yourPanel = createPanel(
  find("#you"),
  { title: "You", empty: "What you get stands here, newest first." },
  { accessValidity: times.accessValidity, onRow: () => tabs.note("you") },
);
const thiefsPanel = createPanel(
  find("#thief"),
  { title: "The thief", empty: "" },
  { accessValidity: times.accessValidity, onRow: () => tabs.note("thief") },
);
thiefsPanel.instead.append("It has only cookies, and cookies cannot sign in.");
const you = createYou({
  onLog: yourPanel.log,
  onBegin: begin,
  onRotation() {
    plot.youRefreshed = true;
    plot.mintedAt = Date.now();
  },
  onEnd(reason) {
    if (reason === "sign-out") plot.ending = reason;
  },
});
const devices = createDevices(you);
const signIn = createSignIn(yourPanel.instead, yourPanel.head, {
  async signIn(chosen) {
    const trouble = (await signInAs(chosen)) ?? "";
    tick();
    // What had the focus has just gone from the page.
    if (trouble === "") find("#next").focus();
    return trouble;
  },
  signOut: you.signOut,
});

yourPanel.show(you);
await you.resume();
createTimeline(find("#server-log"), times, { onEvent: onServerEvent, onRow: () => tabs.note("server") });
setInterval(tick, 200);
tick();
find("main").dataset.ready = "";

function createPlot() {
  return {
    thief: /** @type {"" | "live" | "over"} */ (""),
    youRefreshed: false,
    thiefRefreshed: false,
    racing: false,
    alarm: false,
    ringer: /** @type {"" | "thief" | "you"} */ (""),
    ending: "",
    trouble: "",
    mintedAt: Date.now(),
  };
}

/** A session begins, in this tab or another: the story starts anew. */
function begin() {
  Object.assign(plot, createPlot());
  name = you.state.user;
  thief = undefined;
  find("#thief").hidden = true;
  find("#invitation").hidden = false;
  find("#console").href = `/console?user=${encodeURIComponent(JSON.stringify(you.state.userId))}`;
  yourPanel.clearLog();
  stage.silence();
}

/** @param {string} chosen @returns {Promise<string | undefined>} what went wrong */
async function signInAs(chosen) {
  const { status, body } = await you.signIn(chosen);
  if (status !== 200) return `That did not work: ${body.message}.`;
  if (!you.state.live) return "Your browser keeps no cookies of this page.";
  tabs.select("you");
  await you.call("me");
  return undefined;
}

/** @returns {Promise<string | undefined>} what went wrong */
async function steal() {
  const { status, body } = await you.request("POST", "/session/refresh/steal");
  const { user, marker, bound } = you.state;
  if (status !== 200 || marker === undefined) return `That did not work: ${body.message}.`;
  const side = createThief({
    agent: body.agent,
    copy: { user, marker, bound },
    onLog: thiefsPanel.log,
    onRotation() {
      plot.thiefRefreshed = true;
      plot.mintedAt = Date.now();
    },
  });
  thief = side;
  Object.assign(plot, { thief: "live", youRefreshed: false, thiefRefreshed: false });
  thiefsPanel.clearLog();
  thiefsPanel.show(side);
  find("#invitation").hidden = true;
  find("#thief").hidden = false;
  tabs.select("thief");
  await side.call("me");
  return undefined;
}

async function raceOn() {
  const copy = thief;
  if (copy === undefined) return;
  plot.racing = true;
  await race({ you, thief: copy, plot, times, isOn: () => thief === copy && copy.state.live && you.state.live });
  plot.racing = false;
}

/** @param {import("./timeline.js").ServerEvent} event */
function onServerEvent(event) {
  const mine = event.handles.includes(you.state.marker?.handle ?? "");
  if (mine && event.name === "reuse-detected") {
    plot.alarm = true;
    plot.ringer = event.by === "thief" ? "thief" : "you";
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
  const { live, marker } = you.state;
  const words = tellSides(marker !== undefined, plot.ringer);
  yourPanel.explain(words.you);
  thiefsPanel.explain(words.thief);
  yourPanel.update();
  if (thief !== undefined) thiefsPanel.update();
  signIn.update(live);
  devices.update(live);
  if (thief !== undefined) plot.thief = thief.state.live ? "live" : "over";
  const waits = [you, thief].map((side) => side?.wait()).filter((wait) => wait !== undefined);
  const wait = waits.length === 0 ? undefined : Math.max(...waits);
  stage.tell(tellPhase({ ...plot, live, name, generation: marker?.generation ?? 0, wait }, times));
}
