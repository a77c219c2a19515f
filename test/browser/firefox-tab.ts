import { until } from "../servers/until.ts";
import { sendToFirefox } from "./firefox.ts";
import { fromRemote, type RemoteValue } from "./remote-value.ts";
import { leavePage, type Tab } from "./tab.ts";

type Evaluated =
  | { readonly type: "success"; readonly result: RemoteValue }
  | { readonly type: "exception"; readonly exceptionDetails: { readonly text: string } };

export class FirefoxTab implements Tab {
  readonly #context: string;

  private constructor(context: string) {
    this.#context = context;
  }

  /** @param window a tab of the window that it opens in */
  static async open(window: string, userContext: string): Promise<Tab> {
    const wanted = { type: "tab", referenceContext: window, userContext };
    const { context } = await sendToFirefox<{ context: string }>("browsingContext.create", wanted);
    return new FirefoxTab(context);
  }

  async goto(url: string): Promise<number> {
    await this.#send("browsingContext.navigate", { url, wait: "complete" });
    // A page that is only passed through, as Firefox shows one at times, has no status.
    return until(`${url} has loaded`, () =>
      this.evaluate(() => {
        const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
        return document.readyState === "complete" && (entry?.responseStatus || undefined);
      }),
    );
  }

  async evaluate<Argument, Result>(run: (argument: Argument) => Result, argument?: Argument): Promise<Awaited<Result>> {
    const evaluated = await sendToFirefox<Evaluated>("script.callFunction", {
      functionDeclaration: `(json) => (${run.toString()})(json && JSON.parse(json))`,
      arguments: argument === undefined ? [] : [{ type: "string", value: JSON.stringify(argument) }],
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: true,
    });
    if (evaluated.type === "exception") throw new Error(evaluated.exceptionDetails.text);
    return fromRemote(evaluated.result) as Awaited<Result>;
  }

  async reload(): Promise<void> {
    await this.#send("browsingContext.reload", { wait: "complete" });
  }

  goBack(): Promise<void> {
    return leavePage(this, () => this.evaluate(() => history.back()));
  }

  async bringToFront(): Promise<void> {
    await this.#send("browsingContext.activate");
  }

  async close(): Promise<void> {
    await this.#send("browsingContext.close");
  }

  #send(method: string, params: object = {}): Promise<unknown> {
    return sendToFirefox(method, { context: this.#context, ...params });
  }
}
