/** The stream for open pages, over any adapter. */
import { once } from "node:events";
import { get, type IncomingHttpHeaders } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { until } from "../servers/until.ts";
import { startSubject, type Subject } from "./subject.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  readonly hangUp: () => void;
}

/** Asks for the stream, and has the head of the response. */
async function ask(
  { port, protocol }: { readonly port: number; readonly protocol?: string | undefined },
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  if (protocol !== "h2c") {
    const request = get({ host: "127.0.0.1", port, path: "/session/events", headers, agent: false });
    // A server may wait for open streams when it closes.
    onTestFinished(() => void request.destroy());
    const [body] = (await once(request, "response")) as [
      Readable & { statusCode: number; headers: IncomingHttpHeaders },
    ];
    return { status: body.statusCode, headers: body.headers, body, hangUp: () => request.destroy() };
  }
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const body = session.request({ ":path": "/session/events", ...headers });
  const [head] = (await once(body, "response")) as [IncomingHttpHeaders & { ":status": number }];
  return { status: head[":status"], headers: head, body, hangUp: () => body.close() };
}

export function testOpenPages(subject: Subject): void {
  beforeAll(() => subject.prepare?.());

  const start = async (openPages = true) => {
    const app = await startSubject(subject, { config: { http: { openPages }, cookie: { secure: false } } });
    onTestFinished(() => app.close());
    const { session, accessToken } = await app.sessions.createNewSession("alice");
    return { app, handle: session.handle, cookie: `${app.sessions.cookieNames.access}=${accessToken.value}` };
  };

  test("tells an open page that its session has ended, and nothing else", async () => {
    const { app, handle, cookie } = await start();
    const { status, headers, body } = await ask(app, { cookie });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/event-stream");
    expect(headers["cache-control"]).toContain("no-store");
    expect(headers["content-length"]).toBeUndefined();
    const whole = text(body);
    await app.sessions.revokeSessionUsingSessionHandle(handle);
    expect(await whole).toBe("retry: 10000\n\nevent: session-ended\ndata: session-ended\n\n");
  });

  test("frees the place of a page that has gone", async () => {
    const { app, cookie } = await start();
    const open: Answer[] = [];
    for (let n = 0; n < 8; n += 1) open.push(await ask(app, { cookie }));
    for (const { body } of open) body.on("error", () => undefined).resume();
    const refused = await ask(app, { cookie });
    expect([refused.status, await text(refused.body)]).toEqual([
      429,
      '{"message":"the session has too many open streams"}',
    ]);
    open[0]?.hangUp();
    await until("a free place", async () => {
      const { status, hangUp, body } = await ask(app, { cookie });
      body.on("error", () => undefined).resume();
      hangUp();
      return status === 200;
    });
  });

  test("opens nothing without a live session, for other sites, for tokens in headers, and unless it is on", async () => {
    const { app, handle, cookie } = await start();
    const statusOf = async (headers: Readonly<Record<string, string>>): Promise<number> => {
      const { status, body } = await ask(app, headers);
      body.resume();
      return status;
    };
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await statusOf({ authorization: `Bearer ${cookie.slice(cookie.indexOf("=") + 1)}` })).toBe(400);
    await app.sessions.revokeSessionUsingSessionHandle(handle);
    expect(await statusOf({ cookie })).toBe(401);
    const off = await start(false);
    expect((await ask(off.app, { cookie: off.cookie })).status).toBe(404);
  });
}
