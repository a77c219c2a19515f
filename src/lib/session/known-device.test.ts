import { describe, expect, onTestFinished, test } from "vitest";
import { DAY, START } from "../../../test/fixtures/constants.ts";
import { World } from "../../../test/fixtures/session-world.ts";
import { switchable } from "../../../test/store/switchable-store.ts";
import type { CounterfoilConfig, DeviceInput } from "../../index.ts";
import { memory } from "../../memory.ts";

const KNOWN: CounterfoilConfig = { session: { knownDevices: true } };
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const SAFARI = "Mozilla/5.0 (iPhone) Version/17.0 Safari/605";

async function signIn(world: World, device: DeviceInput | undefined, userId = "alice"): Promise<boolean | undefined> {
  const options = device === undefined ? {} : { device };
  const { session } = await world.sessions.createNewSession(userId, { role: "" }, { count: 0 }, options);
  const created = world.events.filter(([name]) => name === "session-created").at(-1)?.[1];
  const { knownDevice } = created as { readonly knownDevice?: boolean };
  const listed = await world.sessions.getSessionsForUser(userId);
  // What the event says is what the list says.
  expect(listed.find(({ handle }) => handle === session.handle)?.knownDevice).toBe(knownDevice);
  return knownDevice;
}

describe("with session.knownDevices", () => {
  test("a device is browser, system and label, and no address or version", async () => {
    const world = new World(KNOWN);
    const device = { ip: "203.0.113.7", userAgent: FIREFOX };
    expect(await signIn(world, device)).toBeUndefined();
    expect(await signIn(world, device)).toBe(true);
    expect(await signIn(world, { ip: "198.51.100.1", userAgent: FIREFOX.replaceAll("130", "131") })).toBe(true);
    expect(await signIn(world, { userAgent: SAFARI })).toBe(false);
    expect(await signIn(world, { ...device, label: "Laptop" })).toBe(false);
    expect(await signIn(world, { ...device, label: "Laptop" })).toBe(true);
    expect(await signIn(world, device, "bob")).toBeUndefined();
  });

  test("nothing is remembered where nothing is known of the device", async () => {
    const { store, takeCalls } = switchable(memory());
    const world = new World({ ...KNOWN, store });
    expect(await signIn(world, undefined)).toBeUndefined();
    expect(await signIn(world, { ip: "203.0.113.7" })).toBeUndefined();
    expect(takeCalls()).not.toContain("rememberDevice");
  });

  test("a device is forgotten deviceRetention after its last sign-in", async () => {
    const world = new World({ session: { knownDevices: true, deviceRetention: "30d" } });
    await signIn(world, { userAgent: SAFARI });
    for (const [days, isKnown] of [
      [29, false],
      [29, true],
      [30, undefined],
    ] as const) {
      world.now += days * DAY;
      expect(await signIn(world, { userAgent: FIREFOX })).toBe(isKnown);
    }
    expect(world.now).toBe(START + 88 * DAY);
  });

  test("an actor's device is not one of the user", async () => {
    const world = new World(KNOWN);
    await signIn(world, { userAgent: FIREFOX });
    const { userId, handle } = (await world.signIn("support")).session;
    const options = { actor: { userId, handle }, device: { userAgent: SAFARI } };
    await world.sessions.createNewSession("alice", { role: "" }, { count: 0 }, options);
    expect(world.events.at(-1)?.[1]).not.toHaveProperty("knownDevice");
    expect(await signIn(world, { userAgent: SAFARI })).toBe(false);
  });

  test("a sign-in that comes to nothing makes no device known", async () => {
    const { store, setFaults, up } = switchable(memory());
    const limited = new World({
      store,
      session: { knownDevices: true, maxPerUser: 1, onMaxPerUser: "refuse" },
    });
    await signIn(limited, { userAgent: FIREFOX });
    await expect(signIn(limited, { userAgent: SAFARI })).rejects.toThrow("session.maxPerUser");
    await limited.sessions.revokeAllSessionsForUser("alice");
    setFaults((operation) => (operation === "createSession" ? "before" : undefined));
    await expect(signIn(limited, { userAgent: SAFARI })).rejects.toThrow("failed");
    up();
    expect(await signIn(limited, { userAgent: SAFARI })).toBe(false);
  });

  test.each(["before", "after"] as const)(
    "a store that fails %s it costs the answer, not the sign-in",
    async (fault) => {
      const { store, setFaults, up } = switchable(memory());
      const world = new World({ ...KNOWN, store });
      const refusals: unknown[] = [];
      world.sessions.on("request-refused", (event) => void refusals.push(event));
      await signIn(world, { userAgent: FIREFOX });
      setFaults((operation) => (operation === "rememberDevice" ? fault : undefined));
      expect(await signIn(world, { userAgent: FIREFOX })).toBeUndefined();
      expect(refusals).toEqual([expect.objectContaining({ code: null, notice: "COUNTERFOIL_KNOWN_DEVICES" })]);
      up();
      expect(await signIn(world, { userAgent: FIREFOX })).toBe(true);
    },
  );
});

test("without the option nothing is stored and nothing read", async () => {
  const { store, takeAllCalls } = switchable(memory());
  const world = new World({ store });
  for (let turn = 0; turn < 2; turn += 1) expect(await signIn(world, { userAgent: FIREFOX })).toBeUndefined();
  expect(takeAllCalls()).not.toContain("rememberDevice");
  expect(await signIn(new World({ ...KNOWN, store }), { userAgent: FIREFOX })).toBeUndefined();
});

describe("session.locate", () => {
  const device = { ip: "203.0.113.7", userAgent: FIREFOX };

  test("names the place of the address, at sign-in and refresh, in events and lists", async () => {
    const asked: string[] = [];
    const world = new World({
      session: {
        locate(ip) {
          asked.push(ip);
          return ip === device.ip ? Promise.resolve(`Berlin${"!".repeat(200)}`) : undefined;
        },
      },
    });
    const { refreshToken } = await world.sessions.createNewSession("alice", { role: "" }, { count: 0 }, { device });
    const berlin = { ip: "203.0.113.0/24", userAgent: "Firefox on Linux", location: `Berlin${"!".repeat(94)}` };
    expect(world.events.at(-1)?.[1]).toMatchObject({ device: berlin });
    expect((await world.sessions.getSessionsForUser("alice"))[0]?.device).toEqual(berlin);
    await world.sessions.refreshSession(refreshToken.value);
    expect((await world.sessions.getSessionsForUser("alice"))[0]?.device).toEqual(berlin);
    await world.sessions.refreshSession(refreshToken.value, { device: { ip: "198.51.100.1" } });
    const elsewhere = { ip: "198.51.100.0/24", userAgent: "Firefox on Linux" };
    expect((await world.sessions.getSessionsForUser("alice"))[0]?.device).toEqual(elsewhere);
    await world.sessions.refreshSession(refreshToken.value, { device: { ip: "no address" } });
    expect(asked).toEqual([device.ip, "198.51.100.1"]);
  });

  test.each([
    ["throws", () => expect.fail("no database"), "no database"],
    ["rejects", () => Promise.reject(new Error("no network")), "no network"],
    ["never answers", () => new Promise<string>(() => undefined), "session.locate has taken more than 1000 ms"],
    ["gives no text", () => 7 as unknown as string, undefined],
  ] as const)("that %s costs the place, not the sign-in", async (_, locate, warning) => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const world = new World({ session: { locate } });
    await world.sessions.createNewSession("alice", { role: "" }, { count: 0 }, { device });
    expect(world.events.at(-1)?.[1]).toMatchObject({ device: { ip: "203.0.113.0/24", userAgent: "Firefox on Linux" } });
    expect((await world.sessions.getSessionsForUser("alice"))[0]?.device).not.toHaveProperty("location");
    if (warning !== undefined) await expect.poll(() => warnings).toContain(warning);
  });
});
