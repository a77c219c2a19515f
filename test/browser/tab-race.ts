/** Calls that many tabs of one profile begin in the same moment. */
/* oxlint-disable unicorn/require-post-message-target-origin -- channels and workers have none */
import { chromiumPage, type Tab } from "./tab.ts";

export interface RaceCall {
  /** 0 when the call failed without an answer. */
  readonly status: number;
  /** From the call to its answer, on the clock of its tab. */
  readonly ms: number;
  /** Why it failed; of an error of our client its code. */
  readonly error?: string | undefined;
}

export interface RaceRound {
  /**
   * From the signal until all tabs have all their answers, on the clock of the tab that gave it.
   */
  readonly ms: number;
  readonly calls: readonly RaceCall[];
}

/**
 * What a tab has to put up with. `jank`: 60 of every 100 ms its script is busy; `throttled`: it
 * gets a quarter of the CPU, in Chromium only.
 */
export type RaceCondition = "idle" | "jank" | "throttled";

/** What pages may have; those without use the page's `fetch`. */
declare const page: { readonly client: { readonly fetch: typeof fetch } } | undefined;

export class TabRace {
  readonly #starter: Tab;
  readonly #tabs: readonly Tab[];

  private constructor(starter: Tab, tabs: readonly Tab[]) {
    this.#starter = starter;
    this.#tabs = tabs;
  }

  /**
   * @param starter a tab of the same origin that does not take part: it gives the signal, and its
   * clock stays exact whatever the others suffer
   */
  static async prepare(starter: Tab, tabs: readonly Tab[]): Promise<TabRace> {
    for (const tab of tabs) await tab.evaluate(takePart);
    return new TabRace(starter, tabs);
  }

  /**
   * Each tab makes so many calls of `GET /me`. Each has a query of its own, because a browser sends
   * one GET of an address at a time.
   */
  run(calls: number, url = "/me"): Promise<RaceRound> {
    return this.#starter.evaluate(startRound, { calls, url, tabs: this.#tabs.length });
  }

  async suffer(condition: RaceCondition): Promise<void> {
    for (const tab of this.#tabs) await tab.evaluate(setJank, condition === "jank");
    if (condition === "throttled") return this.#throttle(4);
  }

  /** Ends what `suffer` has begun. */
  async recover(condition: RaceCondition): Promise<void> {
    if (condition === "jank") for (const tab of this.#tabs) await tab.evaluate(setJank, false);
    if (condition === "throttled") return this.#throttle(1);
  }

  async #throttle(rate: number): Promise<void> {
    for (const tab of this.#tabs) {
      const driver = chromiumPage(tab);
      const session = await driver.context().newCDPSession(driver);
      await session.send("Emulation.setCPUThrottlingRate", { rate });
    }
  }
}

// From here on: functions that run in the page, and see nothing of this file.

function takePart(): void {
  const channel = new BroadcastChannel("race");
  channel.addEventListener("message", ({ data }: MessageEvent<{ readonly calls?: number; readonly url: string }>) => {
    if (data.calls === undefined) return;
    const call = typeof page === "undefined" ? fetch : page.client.fetch;
    const one = async (): Promise<RaceCall> => {
      const start = performance.now();
      const noResponse = new Promise<never>((_resolve, reject) => {
        // A browser that throttles tabs does it by the clock on the wall, so that they starve on a
        // busy machine.
        setTimeout(() => reject(new Error("no answer in five minutes")), 300_000);
      });
      try {
        const answer: Response & { sessionError?: { code: string } } = await Promise.race([
          call(`${data.url}?${Math.random()}`),
          noResponse,
        ]);
        await answer.text();
        return { status: answer.status, ms: performance.now() - start, error: answer.sessionError?.code };
      } catch (error) {
        return { status: 0, ms: performance.now() - start, error: String(error) };
      }
    };
    void Promise.all(Array.from({ length: data.calls }, one)).then((calls) => channel.postMessage(calls));
  });
}

function startRound(go: { readonly calls: number; readonly url: string; readonly tabs: number }): Promise<RaceRound> {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel("race");
    setTimeout(() => reject(new Error("some tab has not begun, or not ended, after six minutes")), 360_000);
    const done: (readonly RaceCall[])[] = [];
    const start = performance.now();
    channel.addEventListener("message", ({ data }: MessageEvent<readonly RaceCall[]>) => {
      done.push(data);
      if (done.length < go.tabs) return;
      channel.close();
      resolve({ ms: performance.now() - start, calls: done.flat() });
    });
    channel.postMessage(go);
  });
}

function setJank(isOn: boolean): void {
  const holder = globalThis as { beat?: Worker | undefined };
  holder.beat?.terminate();
  holder.beat = undefined;
  if (!isOn) return;
  // Timers of hidden tabs are slowed down, those of their workers are not. A beat that comes late
  // does not make the next one pile up behind it.
  const code = "onmessage = () => setTimeout(() => postMessage(0), 40)";
  const beat = new Worker(URL.createObjectURL(new Blob([code])));
  beat.addEventListener("message", () => {
    const end = performance.now() + 60;
    while (performance.now() < end);
    beat.postMessage(0);
  });
  beat.postMessage(0);
  holder.beat = beat;
}
