import { expect, test } from "vitest";
import { MINUTE } from "../../../test/fixtures/constants.ts";
import { refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { type CreatedSession, Error as AuthError, StepUpError } from "../../index.ts";
import { checkAmr } from "./amr.ts";

const signIn = (world: World, options: object): Promise<CreatedSession> =>
  world.sessions.createNewSession("alice", { role: "member" }, { count: 0 }, options);

const BAD: readonly unknown[] = [
  undefined,
  null,
  "mfa",
  {},
  [],
  [""],
  [5],
  ["a b"],
  ['a"b'],
  ["a\\b"],
  ["é"],
  ["x".repeat(33)],
  Array<string>(11).fill("pwd"),
];

test.each(BAD)("the methods %j are refused at sign-in and by getSession", async (amr) => {
  const world = new World();
  const fault = refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID");
  if (amr !== undefined) await expect(signIn(world, { amr })).rejects.toEqual(fault);
  const { accessToken } = await signIn(world, {});
  const verified = world.sessions.getSession(accessToken.value, null, { requireAmr: amr } as object);
  await expect(verified).rejects.toEqual(fault);
});

test("the longest list is taken, and a method that is named twice counts once", async () => {
  const longest = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(32));
  const world = new World();
  const { accessToken, session } = await signIn(world, { amr: longest });
  await expect(world.sessions.getSession(accessToken.value, null, { requireAmr: longest })).resolves.toBeDefined();
  expect((await world.store.findSession(session.handle))?.amr).toBe(JSON.stringify(longest));
  expect(checkAmr(["pwd", "pwd", "otp"], "amr")).toEqual(["pwd", "otp"]);
});

test("the access token has the claim amr, and none without methods", async () => {
  const world = new World();
  const payloadOf = ({ accessToken }: CreatedSession): unknown =>
    JSON.parse(Buffer.from(accessToken.value.split(".")[1] ?? "", "base64url").toString());
  expect(payloadOf(await signIn(world, { amr: ["pwd", "mfa"] }))).toHaveProperty("amr", ["pwd", "mfa"]);
  expect(payloadOf(await signIn(world, {}))).not.toHaveProperty("amr");
});

test("the error names all that the route demands, and every method must be there", async () => {
  const world = new World(withStore);
  const { accessToken } = await signIn(world, { amr: ["pwd", "otp"] });
  const get = (requireAmr: readonly string[], maxAuthAge?: "10m"): Promise<unknown> =>
    world.sessions.getSession(accessToken.value, null, {
      requireAmr,
      ...(maxAuthAge === undefined ? {} : { maxAuthAge }),
    });
  await expect(get(["otp"])).resolves.toBeDefined();
  await expect(get(["otp", "pwd"], "10m")).resolves.toBeDefined();
  const weak: unknown = await get(["otp", "hwk"]).catch((error: unknown) => error);
  expect(weak).toBeInstanceOf(StepUpError);
  const challenge = 'Bearer error="insufficient_user_authentication"';
  expect(weak).toMatchObject({ errType: 5000, maxAuthAge: undefined, amr: ["otp", "hwk"], status: 401 });
  expect(weak).toHaveProperty("headers.www-authenticate", `${challenge}, amr_values="otp hwk"`);
  world.now += 11 * MINUTE;
  const old: unknown = await get(["otp"], "10m").catch((error: unknown) => error);
  expect(old).toMatchObject({ maxAuthAge: 10 * MINUTE, amr: ["otp"] });
  expect(old).toHaveProperty("headers.www-authenticate", `${challenge}, max_age="600", amr_values="otp"`);
});

test("who acts for a user has the methods of the own sign-in", async () => {
  const world = new World();
  const { session: actor } = await world.sessions.createNewSession(
    "support",
    { role: "support" },
    { count: 0 },
    { amr: ["hwk"] },
  );
  const { accessToken } = await signIn(world, { actor });
  await expect(world.sessions.getSession(accessToken.value, null, { requireAmr: ["hwk"] })).resolves.toBeDefined();
});
