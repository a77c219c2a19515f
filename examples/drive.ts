/**
 * What the tests of the examples have in common: each is started for real, and driven over HTTP.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCookieJar } from "./demo/cookie-jar.ts";
import { type Example, startExample } from "./start-example.ts";

const run = promisify(execFile);
const PASSWORD = "open sesame";

/** @param folder the example's; its `start` script says how it starts */
export function describeExample(folder: string, env: Readonly<Record<string, string>> = {}): void {
  const name = [basename(folder), ...Object.values(env)].join(" on ");
  describe(`the example ${name}`, () => {
    let example: Example;
    beforeAll(async () => {
      example = await startExample(folder, env);
    });
    afterAll(() => example?.stop("SIGKILL"));

    it("signs a user in, and lets the session use the app, until it signs out", async () => {
      const alice = createClient(example.url);
      expect(await alice.get("/me")).toMatchObject({ status: 401, body: { message: "try refresh token" } });

      const { status, body, cookies, antiCsrf } = await alice.post("/login", { name: "alice", password: PASSWORD });
      expect({ status, body }).toEqual({ status: 200, body: { userId: "alice" } });
      expect(cookies).toEqual(["sAccessToken", "sRefreshToken", "sIdRefreshToken"]); // plain, since secure is false
      expect(antiCsrf).toMatch(/^[\w-]{20,}$/);

      const me = { status: 200, body: { userId: "alice", claims: { role: "member" } } };
      expect(await alice.get("/me")).toMatchObject(me);

      const note = { text: "Müsli & milk" };
      expect(await alice.post("/notes", note)).toMatchObject({ status: 401, body: { message: "try refresh token" } });
      const written = await alice.post("/notes", note, antiCsrf);
      expect(written).toMatchObject({ status: 201, body: { by: "alice", ...note } });

      const refreshed = await alice.post("/session/refresh");
      expect(refreshed).toMatchObject({ status: 200, cookies, antiCsrf });
      expect(await alice.get("/me")).toMatchObject(me);

      const phone = createClient(example.url);
      await phone.post("/login", { name: "alice", password: PASSWORD });
      const devices = await alice.get("/session/sessions");
      expect(devices).toMatchObject({ status: 200, body: { sessions: [{ current: false }, { current: true }] } });

      const left = await alice.post("/session/signout");
      // The access cookie last, for clients that keep all but the last of several.
      const cleared = ["sRefreshToken", "sIdRefreshToken", "sAccessToken"];
      expect(left).toMatchObject({ status: 200, cookies: cleared });
      expect(alice.cookies()).toBe("");
      expect(await alice.get("/me")).toMatchObject({ status: 401 });
      expect(await alice.post("/session/refresh")).toMatchObject({ status: 401, body: { message: "unauthorised" } });
      expect(await phone.get("/session/sessions")).toMatchObject({ body: { sessions: [{ current: true }] } });
    });

    it.each([
      { who: "a wrong password", body: { name: "alice", password: "guess" } },
      { who: "an unknown name", body: { name: "bob", password: PASSWORD } },
      { who: "values that are no text", body: { name: ["alice"], password: PASSWORD } },
      { who: "nothing", body: {} },
    ])("does not sign in with $who, by an error of its own", async ({ body }) => {
      const answer = await createClient(example.url).post("/login", body);
      expect(answer).toMatchObject({ status: 401, body: { message: "wrong name or password" }, cookies: [] });
    });

    it("answers a bad request by an error of its own", async () => {
      const client = createClient(example.url);
      const { antiCsrf } = await client.post("/login", { name: "alice", password: PASSWORD });
      const answer = await client.post("/notes", { text: 7 }, antiCsrf);
      expect(answer).toMatchObject({ status: 400, body: { message: "a note needs a text" } });
      const headers = { "content-type": "application/json" };
      const broken = await fetch(`${example.url}/login`, { method: "POST", headers, body: "{" });
      expect({ status: broken.status, body: await broken.json() }).toEqual({
        status: 400,
        body: { message: expect.any(String) },
      });
    });

    it("has a README whose curl lines get the answers that it gives", async () => {
      const { commands, answers } = await readCommands(folder, example.url);
      const jar = await mkdtemp(join(tmpdir(), "counterfoil-example-"));
      try {
        const { stdout } = await run("bash", ["-euc", commands], { cwd: jar });
        expect(stdout.trimEnd().split("\n")).toEqual(answers);
      } finally {
        await rm(jar, { recursive: true });
      }
    });

    it("ends by itself when it is told to, and complains of nothing", async () => {
      expect(await example.stop()).toEqual({ code: 0, signal: null, complaints: "" });
    });
  });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Names of the cookies that it sets or clears. */
  readonly cookies: readonly string[];
  readonly antiCsrf: string | null;
}

function createClient(url: string): {
  cookies(): string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: object, antiCsrf?: string | null): Promise<Answer>;
} {
  const jar = createCookieJar("");
  async function request(path: string, headers: Headers, init: RequestInit): Promise<Answer> {
    headers.set("cookie", jar.header());
    const response = await fetch(url + path, { ...init, headers });
    const lines = response.headers.getSetCookie();
    jar.store(lines);
    return {
      status: response.status,
      body: await response.json(),
      cookies: lines.map((line) => line.slice(0, line.indexOf("="))),
      antiCsrf: response.headers.get("anti-csrf"),
    };
  }
  return {
    cookies: () => jar.header(),
    get: (path) => request(path, new Headers(), {}),
    post(path, body, antiCsrf) {
      const headers = new Headers(antiCsrf ? { "anti-csrf": antiCsrf } : {});
      if (body !== undefined) headers.set("content-type", "application/json");
      return request(path, headers, { method: "POST", body: body === undefined ? null : JSON.stringify(body) });
    },
  };
}

/** The commands of the README, and the answers below them; `…` there stands for anything. */
async function readCommands(folder: string, url: string): Promise<{ commands: string; answers: unknown[] }> {
  const readme = await readFile(join(folder, "README.md"), "utf8");
  const lines = /```sh\n([^`]*curl[^`]*)```/.exec(readme)?.[1]?.trim().split("\n") ?? [];
  const isServerError = (line: string): boolean => line.startsWith("# {");
  const commands = lines
    .filter((line) => !isServerError(line))
    .map((line) => (line.startsWith("curl") ? `${line}; echo` : line));
  const answers = lines.filter(isServerError).map((line) => {
    const parts = line
      .slice(2)
      .split("…")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return expect.stringMatching(new RegExp(`^${parts.join(".*")}$`)) as unknown;
  });
  if (answers.length === 0) throw new Error("the README has no curl line with an answer");
  return { commands: commands.join("\n").replaceAll("http://localhost:3000", url), answers };
}
