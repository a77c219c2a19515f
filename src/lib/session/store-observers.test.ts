import { expect, onTestFinished, test } from "vitest";
import { World } from "../../../test/fixtures/session-world.ts";
import { createStoreObservers, type StoreObserver, type StoreOperation } from "./store-observers.ts";

const runOnce = async (...observers: readonly StoreObserver[]): Promise<{ result: unknown; runs: number }> => {
  const observed = createStoreObservers();
  for (const observer of observers) observed.add(observer);
  let runs = 0;
  const result = await observed.run("findSession", async () => {
    runs += 1;
    return "row";
  });
  return { result, runs };
};

/** @returns the warnings of observers and listeners from now on */
function listenToWarnings(): string[] {
  const warnings: string[] = [];
  const note = (warning: Error & { code?: string }): void => {
    if (warning.code === "COUNTERFOIL_LISTENER") warnings.push(warning.message.split("\n")[0] ?? "");
  };
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  return warnings;
}

/** Warnings come in a later tick. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("an operation runs inside all observers, the last one outermost", async () => {
  const seen: string[] = [];
  const observe =
    (name: string): StoreObserver =>
    async (operation, work) => {
      seen.push(`${name} begins ${operation}`);
      await work();
      seen.push(`${name} ends`);
    };
  expect(await runOnce(observe("first"), observe("last"))).toEqual({ result: "row", runs: 1 });
  await settle();
  expect(seen.slice(0, 2)).toEqual(["last begins findSession", "first begins findSession"]);
  expect(seen.slice(2).toSorted((a, b) => a.localeCompare(b))).toEqual(["first ends", "last ends"]);
});

test.each<readonly [string, StoreObserver, readonly string[]]>([
  ["returns another value", async (_, work) => ((await work()) === "row" ? "another" : ""), []],
  ["never calls the function", () => undefined, []],
  ["calls it twice", (_, work) => Promise.all([work(), work()]), []],
  ["calls it too late", async (_, work) => (await settle(), work()), []],
  [
    "throws",
    () => {
      throw new Error("at once");
    },
    ["an observer of the store failed: Error: at once"],
  ],
  [
    "throws in the end",
    async (_, work) => {
      await work();
      throw new Error("later");
    },
    ["an observer of the store failed: Error: later"],
  ],
])("an observer that %s changes nothing", async (_, observer, warnings) => {
  const told = listenToWarnings();
  expect(await runOnce(observer)).toEqual({ result: "row", runs: 1 });
  await settle();
  expect(told).toEqual(warnings);
});

test("the error of an operation reaches observers and the caller, and warns of nothing", async () => {
  const told = listenToWarnings();
  const observers = createStoreObservers();
  const failure = new Error("the operation failed");
  const seen: unknown[] = [];
  observers.add(async (_, work) => {
    try {
      await work();
    } catch (error) {
      seen.push(error);
      throw error;
    }
  });
  observers.add((_, work) => work());
  await expect(observers.run("findSession", () => Promise.reject(failure))).rejects.toBe(failure);
  await settle();
  expect({ seen, told }).toEqual({ seen: [failure], told: [] });
});

test("an instance tells each operation to each observer, until it is removed", async () => {
  const world = new World();
  const { session } = await world.signIn();
  const seen: StoreOperation[] = [];
  // The sweep runs beside it.
  const observer: StoreObserver = (operation) => operation === "findSession" && seen.push(operation);
  const removers = [world.sessions.observeStore(observer), world.sessions.observeStore(observer)];
  for (const remove of [...removers, () => undefined]) {
    await world.sessions.getSessionData(session.handle);
    seen.push("prepare");
    remove();
  }
  expect(seen).toEqual(["findSession", "findSession", "prepare", "findSession", "prepare", "prepare"]);
  expect(() => world.sessions.observeStore(undefined as never)).toThrow(/no function/);
});

test("an instance counts what it has seen", async () => {
  const world = new World();
  const { accessToken } = await world.signIn();
  expect(world.sessions.stats()).toEqual({
    verifiedTokens: { hits: 0, misses: 0 },
    softRefusals: 0,
    refusals: [],
    feedLag: undefined,
  });
  await world.sessions.getSession(accessToken.value, null);
  await world.sessions.getSession(accessToken.value, null);
  await world.sessions.getSession("no token", null).catch(() => undefined);
  expect(world.sessions.stats().verifiedTokens).toEqual({ hits: 1, misses: 2 });
});
