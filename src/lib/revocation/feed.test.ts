import { afterEach, describe, expect, test, vi } from "vitest";
import { createFeed, type Feed, type FeedParts } from "./feed.ts";
import type { LogEntry } from "./log-store.ts";

const BOUND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OVERLAP = 15_000;
const WIDE = 75_000;

const handleOf = (entry: LogEntry): string => (entry.kind === "ended" || entry.kind === "claims" ? entry.handle : "");

/** A log as the port describes it, whose clock and failures the test sets. */
class FakeLog {
  storeTime = 5_000_000;
  readonly reads: number[] = [];
  readonly rows: { readonly at: number; readonly entry: LogEntry }[] = [];
  wake: (() => void) | undefined;
  stopped = 0;
  failure: Error | undefined;
  /** What the next read waits for, after it has seen the rows. */
  gate: Promise<void> | undefined;

  end(handle: string, at = this.storeTime, keep = HOUR): void {
    this.rows.push({ at, entry: { kind: "ended", handle, by: "elsewhere", until: at + keep } });
  }

  readonly readLog: FeedParts["store"]["readLog"] = async (since, limit) => {
    this.reads.push(since);
    if (this.failure !== undefined) throw this.failure;
    const { storeTime } = this;
    const found = this.rows.filter(({ at, entry }) => at >= since && entry.until > storeTime);
    await this.gate;
    return { entries: found.slice(0, limit).map(({ entry }) => entry), storeTime, overlap: OVERLAP };
  };

  readonly watchLog: NonNullable<FeedParts["store"]["watchLog"]> = async (wake) => {
    this.wake = wake;
    return async () => void (this.stopped += 1);
  };
}

class Stage {
  readonly log = new FakeLog();
  steady = 0;
  wall = 1_790_000_000_000;
  readonly heard: string[] = [];
  readonly feed: Feed;

  constructor(parts: Partial<FeedParts> = {}) {
    this.feed = createFeed({
      bound: BOUND,
      listen: false,
      store: this.log,
      now: () => this.wall,
      monotonic: () => this.steady,
      heard: (entries) => void this.heard.push(...entries.map(handleOf)),
      tell: () => undefined,
      ...parts,
    });
  }

  /** All three clocks go on. */
  pass(ms: number): void {
    this.steady += ms;
    this.wall += ms;
    this.log.storeTime += ms;
  }

  judge(handle: string): string {
    return this.feed.judge({
      handle,
      userId: "alice",
      claimsVersion: 1,
      expires: this.wall,
      lifetime: 900_000,
      sparedEpochs: undefined,
    });
  }
}

/** The log's answers arrive, which take a few promises. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe("freshness", () => {
  test("there is none before the first read", async () => {
    const { feed } = new Stage();
    expect([feed.isFresh(0), feed.hasRead(), feed.lag()]).toEqual([false, false, undefined]);
    expect(await feed.read()).toBe(true);
    expect([feed.hasRead(), feed.lag()]).toEqual([true, 0]);
  });

  test("lasts for the bound, and its second half starts a read without waiting for it", async () => {
    const stage = new Stage();
    const { feed, log } = stage;
    await feed.read();
    stage.pass(BOUND / 2);
    expect(feed.isFresh(stage.wall)).toBe(true);
    expect(log.reads).toHaveLength(1);
    stage.pass(1);
    expect(feed.isFresh(stage.wall)).toBe(true);
    expect(feed.isFresh(stage.wall)).toBe(true);
    expect(log.reads).toHaveLength(2);
    await settled();
    expect(feed.lag()).toBe(0);
    log.failure = new Error("gone");
    stage.pass(BOUND);
    expect(feed.isFresh(stage.wall)).toBe(true);
    stage.pass(1);
    expect(feed.isFresh(stage.wall)).toBe(false);
  });

  test("ends in a freeze, in which the steady clock stands still", async () => {
    const stage = new Stage();
    await stage.feed.read();
    stage.wall += HOUR;
    expect(stage.feed.isFresh(stage.wall)).toBe(false);
  });

  test("ends also if the wall clock is set back", async () => {
    const stage = new Stage();
    await stage.feed.read();
    stage.wall -= HOUR;
    stage.steady += BOUND + 1;
    expect(stage.feed.isFresh(stage.wall)).toBe(false);
  });

  test("counts from the beginning of a read", async () => {
    const stage = new Stage();
    let open = (): void => undefined;
    stage.log.gate = new Promise((resolve) => (open = resolve));
    const reading = stage.feed.read();
    stage.pass(300);
    open();
    await reading;
    expect(stage.feed.lag()).toBe(300);
  });
});

describe("reads", () => {
  test("are shared while one runs", async () => {
    const { feed, log } = new Stage();
    const reads = [feed.read(), feed.read(), feed.read()];
    expect(await Promise.all(reads)).toEqual([true, true, true]);
    expect(log.reads).toEqual([0]);
  });

  test("begin before the last position by the overlap of the store", async () => {
    const stage = new Stage();
    await stage.feed.read();
    const position = stage.log.storeTime;
    stage.pass(700);
    await stage.feed.read();
    expect(stage.log.reads).toEqual([0, position - OVERLAP]);
  });

  test("find a commit that was held for 12 s, and no older one", async () => {
    const stage = new Stage();
    await stage.feed.read();
    const { storeTime } = stage.log;
    stage.log.end("late", storeTime - 12_000);
    stage.log.end("later", storeTime - 16_000);
    await stage.feed.read();
    expect([stage.judge("late"), stage.judge("later")]).toEqual(["ended", "live"]);
  });

  test("of a request do not count if they began longer ago than the bound", async () => {
    const stage = new Stage();
    const { feed, log } = stage;
    await feed.read();
    let open = (): void => undefined;
    log.gate = new Promise((resolve) => (open = resolve));
    stage.pass(BOUND + 1);
    void feed.read();
    // After the rows were seen.
    log.end("one");
    stage.pass(5 * BOUND);
    const reading = feed.readFor();
    log.gate = undefined;
    open();
    expect(await reading).toBe(true);
    expect(stage.judge("one")).toBe("ended");
  });

  test("that fail leave the position, and the next ones begin earlier", async () => {
    const stage = new Stage();
    const { feed, log } = stage;
    await feed.read();
    const position = log.storeTime;
    log.failure = new Error("gone");
    stage.pass(100);
    expect(await feed.read()).toBe(false);
    expect(feed.lag()).toBe(100);
    log.failure = undefined;
    // The next server's clock is 45 s behind.
    log.end("one", position - 45_000);
    expect(await feed.read()).toBe(true);
    expect(log.reads.at(-1)).toBe(position - WIDE);
    expect(stage.judge("one")).toBe("ended");
    stage.pass(WIDE);
    await feed.read();
    stage.pass(100);
    await feed.read();
    expect(log.reads.at(-1)).toBe(log.storeTime - 100 - OVERLAP);
  });

  test("tell of each new entry once, and not of those of the first read", async () => {
    const stage = new Stage();
    stage.log.end("before");
    await stage.feed.read();
    stage.log.end("one");
    stage.feed.note([{ kind: "ended", handle: "own", by: "me", until: stage.log.storeTime + HOUR }]);
    stage.log.end("own");
    await stage.feed.read();
    await stage.feed.read();
    expect(stage.heard).toEqual(["one"]);
  });

  test("raise the version if there is something new, and only then", async () => {
    const stage = new Stage();
    const { feed } = stage;
    await feed.read();
    const before = feed.version();
    await feed.read();
    expect(feed.version()).toBe(before);
    stage.log.end("one");
    await feed.read();
    expect(feed.version()).toBeGreaterThan(before);
  });
});

describe("a clock of the store that jumps", () => {
  test.each([
    ["back", -HOUR],
    ["forth", HOUR],
  ])("%s: the same read begins again, before both times", async (_way, jump) => {
    const stage = new Stage();
    const { feed, log } = stage;
    await feed.read();
    const before = log.storeTime;
    log.storeTime += jump;
    // Visible late, by the clock of before or of after.
    log.end("old clock", before - 40_000, 10 * HOUR);
    log.end("new clock", log.storeTime, 10 * HOUR);
    expect(await feed.read()).toBe(true);
    expect(log.reads.at(-1)).toBe(Math.min(before, log.storeTime) - WIDE);
    expect([stage.judge("old clock"), stage.judge("new clock")]).toEqual(["ended", "ended"]);
  });

  test("forth: what has ended stays so for as long as tokens live by this process's clock", async () => {
    const stage = new Stage();
    const { feed, log } = stage;
    await feed.read();
    log.end("one", log.storeTime, 62 * MINUTE);
    await feed.read();
    stage.pass(10 * MINUTE);
    log.storeTime += HOUR;
    await feed.read();
    stage.pass(2 * MINUTE);
    await feed.read();
    expect(stage.judge("one")).toBe("ended");
    stage.pass(50 * MINUTE);
    await feed.read();
    expect(stage.judge("one")).toBe("live");
  });
});

describe("what does not fit into memory", () => {
  test("makes the store be asked until it fits, and what was read is told", async () => {
    const stage = new Stage({ mostEntries: 3 });
    const { feed, log } = stage;
    await feed.read();
    for (const handle of ["a", "b", "c", "d", "e"]) log.end(handle);
    expect(await feed.read()).toBe(false);
    expect(stage.heard).toEqual(["a", "b", "c", "d"]);
    stage.pass(BOUND + 1);
    expect(feed.isFresh(stage.wall)).toBe(false);
    expect(await feed.readFor()).toBe(false);
    // It is not tried for each request.
    expect(log.reads).toHaveLength(2);
    stage.pass(HOUR + MINUTE);
    log.end("f");
    expect(await feed.read()).toBe(true);
    expect([stage.judge("a"), stage.judge("f")]).toEqual(["live", "ended"]);
  });

  test("of this process's own doing is bounded, too, and read later", async () => {
    const stage = new Stage({ mostEntries: 3 });
    const { feed, log } = stage;
    await feed.read();
    for (let index = 0; index < 100; index += 1)
      feed.note([{ kind: "ended", handle: `own-${index}`, by: "me", until: log.storeTime + HOUR }]);
    expect(stage.judge("own-99")).toBe("live");
    expect(await feed.read()).toBe(false);
    stage.pass(HOUR + MINUTE);
    log.end("own-99");
    expect(await feed.read()).toBe(true);
    expect(stage.judge("own-99")).toBe("ended");
  });
});

describe("messages", () => {
  afterEach(() => void vi.useRealTimers());

  async function watching(): Promise<Stage> {
    vi.useFakeTimers();
    const stage = new Stage({ listen: true });
    await stage.feed.read();
    await stage.feed.watch();
    return stage;
  }

  test("the first starts a read at once, and many in 20 ms one more", async () => {
    const stage = await watching();
    const { log } = stage;
    log.wake?.();
    expect(log.reads).toHaveLength(2);
    for (let each = 0; each < 50; each += 1) log.wake?.();
    await settled();
    expect(log.reads).toHaveLength(2);
    stage.pass(20);
    await vi.advanceTimersByTimeAsync(20);
    expect(log.reads).toHaveLength(3);
    await stage.feed.stop();
  });

  test("one that comes during a read starts another after it", async () => {
    const stage = await watching();
    const { log } = stage;
    let open = (): void => undefined;
    log.gate = new Promise((resolve) => (open = resolve));
    void stage.feed.read();
    log.end("one");
    log.wake?.();
    log.gate = undefined;
    open();
    await settled();
    expect(stage.judge("one")).toBe("live");
    stage.pass(20);
    await vi.advanceTimersByTimeAsync(20);
    expect(stage.judge("one")).toBe("ended");
    await stage.feed.stop();
  });

  test("a timer reads in each half of the bound, and stops with the feed", async () => {
    const stage = await watching();
    const { log } = stage;
    await vi.advanceTimersByTimeAsync(BOUND);
    expect(log.reads).toHaveLength(3);
    await stage.feed.stop();
    expect(log.stopped).toBe(1);
    log.wake?.();
    await vi.advanceTimersByTimeAsync(10 * BOUND);
    expect(log.reads).toHaveLength(3);
  });

  test("are not asked for, and no timer runs, without `listen`", async () => {
    vi.useFakeTimers();
    const stage = new Stage();
    await stage.feed.watch();
    expect([stage.log.wake, vi.getTimerCount()]).toEqual([undefined, 0]);
  });
});
