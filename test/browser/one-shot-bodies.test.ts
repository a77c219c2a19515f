/** Bodies that can be read once: a stream that the app is still writing. */
import { expect, test } from "vitest";
import { MINUTE } from "../fixtures/constants.ts";
import { ClientPage } from "./client-page.ts";
import { passInPage } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { serveSecurely } from "./secure-front.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { chromiumPage } from "./tab.ts";

declare const page: ClientPageScript;

interface Upload {
  readonly status: number;
  readonly code: string | undefined;
}

/** Sends a body of three parts, each of which is made when the browser asks for it. */
const upload = ({ tab }: ClientPage, as: "init" | "Request" = "init"): Promise<Upload> =>
  tab.evaluate(async (way) => {
    let part = 0;
    const body = new ReadableStream({
      pull(controller) {
        part += 1;
        if (part > 3) controller.close();
        else controller.enqueue(new TextEncoder().encode(`part ${part};`));
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    const sent = way === "init" ? page.client.fetch("/notes", init) : page.client.fetch(new Request("/notes", init));
    const { status, sessionError } = await sent;
    return { status, code: sessionError?.code };
  }, as);

/** A page that alice has signed in on, over HTTP/2. */
async function openSecurely(stage: Stage) {
  const server = await stage.serve();
  const front = await serveSecurely(Number(new URL(server.origin).port));
  const tab = await stage.newTab();
  const chrome = chromiumPage(tab);
  const protocol = await chrome.context().newCDPSession(chrome);
  await protocol.send("Security.setIgnoreCertificateErrors", { ignore: true });
  expect(await tab.goto(`https://${stage.site}:${front.port}/page?options={}`)).toBe(200);
  const client = new ClientPage(tab);
  expect(await client.signIn()).toMatchObject({ status: 200 });
  server.takeCalls();
  return { server, client, [Symbol.asyncDispose]: () => front[Symbol.asyncDispose]() };
}

const ALL = "part 1;part 2;part 3;";

describeInBrowsers(
  "a body that is a stream",
  (stage) => {
    test("is sent once, with a token that is refreshed before where it is known to have expired", async () => {
      await using opened = await openSecurely(stage());
      const { server, client } = opened;
      await passInPage(client.tab, 15 * MINUTE);
      server.expire();
      expect(await upload(client)).toEqual({ status: 200 });
      const calls = server.takeTraffic();
      expect(calls.map(({ call }) => call)).toEqual(["POST /session/refresh 200", "POST /notes 200"]);
      expect(calls[1]?.body?.toString()).toBe(ALL);
      expect(calls[1]?.asked["content-length"]).toBeUndefined();
    });

    test("is not sent where that refresh fails", async () => {
      await using opened = await openSecurely(stage());
      const { server, client } = opened;
      await passInPage(client.tab, 15 * MINUTE);
      server.expire();
      server.refresh.answer(503);
      await expect(upload(client)).rejects.toThrow("refresh answered 503");
      expect(server.takeCalls()).toEqual(["POST /session/refresh 503"]);
    });

    test("comes back refused where nobody knew, and the session is refreshed for the next one", async () => {
      await using opened = await openSecurely(stage());
      const { server, client } = opened;
      expect(await upload(client)).toEqual({ status: 200 });
      server.expire();
      expect(await upload(client)).toEqual({ status: 401, code: "BODY_NOT_REPLAYABLE" });
      expect(await upload(client)).toEqual({ status: 200 });
      const calls = server.takeTraffic();
      expect(calls.map(({ call }) => call)).toEqual([
        "POST /notes 200",
        "POST /notes 401",
        "POST /session/refresh 200",
        "POST /notes 200",
      ]);
      for (const one of [0, 1, 3]) expect(calls[one]?.body?.toString()).toBe(ALL);
    });

    test("is kept where a Request hides that it is one, and is sent again", async () => {
      await using opened = await openSecurely(stage());
      const { server, client } = opened;
      server.expire();
      expect(await upload(client, "Request")).toEqual({ status: 200 });
      const [first, , second] = server.takeTraffic();
      expect([first, second].map((one) => [one?.call, one?.body?.toString()])).toEqual([
        ["POST /notes 401", ALL],
        ["POST /notes 200", ALL],
      ]);
    });

    test("fails over HTTP/1.1 as in a plain fetch", async () => {
      const server = await stage().serve();
      const client = await new ClientPage(await stage().newTab()).open(server);
      await client.signIn();
      server.takeCalls();
      await expect(upload(client)).rejects.toThrow("Failed to fetch");
      expect(server.takeCalls()).toEqual([]);
    });
  },
  { only: "Chromium" },
);

describeInBrowsers(
  "a body that is a stream",
  (stage) => {
    test("is the text of the object, which a browser without streaming uploads makes of it in any fetch", async () => {
      const server = await stage().serve();
      const client = await new ClientPage(await stage().newTab()).open(server);
      await client.signIn();
      server.takeCalls();
      await client.tab.evaluate(
        async () => void (await fetch("/notes", { method: "POST", body: new ReadableStream() })),
      );
      expect(await upload(client)).toMatchObject({ status: 200 });
      const texts = server.takeTraffic().map(({ body }) => body?.toString());
      expect(texts).toEqual(["[object ReadableStream]", "[object ReadableStream]"]);
      server.expire();
      expect(await upload(client)).toEqual({ status: 401, code: "BODY_NOT_REPLAYABLE" });
      expect(await upload(client)).toMatchObject({ status: 200 });
      expect(server.takeCalls()).toEqual(["POST /notes 401", "POST /session/refresh 200", "POST /notes 200"]);
    });
  },
  { only: "Firefox" },
);
