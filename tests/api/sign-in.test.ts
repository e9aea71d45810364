import { encode } from "next-auth/jwt";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { askAuth, cookieHeader, signIn } from "@/tests/api/session";
import { secrets, testApi } from "@/tests/api/support";

const api = testApi();
const password = secrets.CONDUIT_ADMIN_LOGIN_PASSWORD;

async function actorOf(cookie: string) {
  const { contextOf } = await import("@/server/api/context");
  return (await contextOf(new Request("http://localhost/api/trpc/x", { headers: { cookie } }))).actor;
}

describe("with next-auth", () => {
  test("the right password gives a session that scripts cannot read", async () => {
    const answer = await signIn(password, "192.0.2.77");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.flags).toContain("HttpOnly");
    expect(answer.flags).toContain("SameSite=Lax");
    expect(await actorOf(cookieHeader(answer.cookies))).toBe("admin");
    expect((await api.audit("session")).at(-1)).toMatchObject({ action: "sign-in", ip: "192.0.2.77", actor: "admin" });
  });

  test("a wrong password gives none, and leaves an entry without the password", async () => {
    const answer = await signIn("not-the-password-1", "192.0.2.78");
    expect(answer).toMatchObject({ status: 401, url: expect.stringContaining("error=CredentialsSignin") });
    expect(answer.flags).toBe("");
    expect(await actorOf(cookieHeader(answer.cookies))).toBeNull();
    const entries = await api.audit("session");
    expect(entries.at(-1)).toMatchObject({ action: "sign-in-failed", ip: "192.0.2.78" });
    expect(JSON.stringify(entries)).not.toMatch(/not-the-password|admin-password/);
  });

  test("after failures even the right password has to wait, and is told how long", async () => {
    for (let index = 0; index < 3; index++) await signIn("wrong", "192.0.2.79");
    const answer = await signIn(password, "192.0.2.79");
    expect(answer.status).toBe(401);
    expect(decodeURIComponent(answer.url ?? "")).toContain("Too many failed attempts. Try again in 1 s.");
  });

  test("a form that another site sends is not taken", async () => {
    const body = { password, csrfToken: "forged" };
    const answer = await askAuth({ method: "POST", path: ["callback", "credentials"], body });
    expect(answer.flags).toBe("");
    expect(answer.url).toContain("csrf=true");
  });

  test.each([
    ["no password", ""],
    ["an endless one", "x".repeat(2000)],
  ])("%s is refused", async (_what, given) => {
    expect((await signIn(given, "192.0.2.80")).flags).toBe("");
  });

  test("sessions of another key, another person, or that are over, are none", async () => {
    const { authOptions } = await import("@/server/auth");
    const secret = authOptions.secret ?? "";
    const cookie = async (given: { secret: string; sub: string; maxAge?: number }) =>
      `next-auth.session-token=${await encode({ token: { sub: given.sub }, secret: given.secret, maxAge: given.maxAge ?? 60 })}`;
    expect(await actorOf(await cookie({ secret, sub: "admin" }))).toBe("admin");
    expect(await actorOf(await cookie({ secret: secrets.SESSION_SECRET, sub: "admin" }))).toBeNull();
    expect(await actorOf(await cookie({ secret, sub: "someone" }))).toBeNull();
    expect(await actorOf(await cookie({ secret, sub: "admin", maxAge: -60 }))).toBeNull();
    expect(await actorOf("next-auth.session-token=nonsense")).toBeNull();
    expect(await actorOf("")).toBeNull();
  });
});

describe("slowing down", () => {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  });
  afterAll(() => {
    vi.useRealTimers();
  });

  const attempt = async (given: string, ip: string | null) =>
    (await import("@/server/state/sign-ins")).attemptSignIn(given, ip);
  const later = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);
  const hour = 3600;

  test("each failure doubles the time for which the address is refused", async () => {
    later(hour);
    const ip = "203.0.113.1";
    expect((await attempt("wrong", ip)).kind).toBe("wrong-password");
    for (const seconds of [1, 2, 4, 8, 16]) {
      expect((await attempt("wrong", ip)).kind).toBe("wrong-password");
      expect(await attempt(password, ip)).toEqual({ kind: "refused", seconds });
      expect((await attempt(password, "203.0.113.2")).kind).toBe("signed-in");
      later(seconds);
    }
    expect((await attempt(password, ip)).kind).toBe("signed-in");
    expect((await attempt("wrong", ip)).kind).toBe("wrong-password");
    expect((await attempt(password, ip)).kind).toBe("signed-in");
  });

  test("the time has an end, and failures are forgotten after a while", async () => {
    later(hour);
    const ip = "203.0.113.3";
    for (let index = 0; index < 14; index++) {
      await attempt("wrong", ip);
      later(300);
    }
    await attempt("wrong", ip);
    expect(await attempt(password, ip)).toEqual({ kind: "refused", seconds: 300 });
    later(hour);
    expect((await attempt("wrong", ip)).kind).toBe("wrong-password");
    expect((await attempt(password, ip)).kind).toBe("signed-in");
  });

  test("attempts that come all at once do not slip through side by side", async () => {
    later(hour);
    const guesses = Array.from({ length: 30 }, (_, index) => (index === 29 ? password : `guess-${index}`));
    const ends = await Promise.all(guesses.map((guess) => attempt(guess, "203.0.113.4")));
    expect(ends.filter((end) => end.kind !== "refused")).toHaveLength(2);
    expect(ends.at(-1)?.kind).toBe("refused");
  });

  test("a whole IPv6 network counts as one address, and an unknown one as one too", async () => {
    later(hour);
    await attempt("wrong", "2001:db8:1:2::1");
    await attempt("wrong", "2001:db8:1:2:ffff::2");
    expect((await attempt(password, "2001:db8:1:2:3:4:5:6")).kind).toBe("refused");
    expect((await attempt(password, "2001:db8:1:3::1")).kind).toBe("signed-in");
    await attempt("wrong", null);
    await attempt("wrong", null);
    expect((await attempt(password, null)).kind).toBe("refused");
  });

  test("many addresses together are slowed as well, but not one that signed in before", async () => {
    later(hour);
    expect((await attempt(password, "203.0.113.9")).kind).toBe("signed-in");
    for (let index = 0; index < 20; index++) await attempt("wrong", `198.18.0.${index}`);
    const ends = ["first", "second", "third"].map(() => "waiting");
    const crowd = ends.map(async (_, index) => {
      ends[index] = (await attempt("wrong", `198.18.1.${index}`)).kind;
    });
    const known = await attempt(password, "203.0.113.9");
    expect(known.kind).toBe("signed-in");
    await crowd[0];
    expect(ends).toEqual(["wrong-password", "waiting", "waiting"]);
    await vi.advanceTimersByTimeAsync(100);
    await crowd[1];
    expect(ends[2]).toBe("waiting");
    await vi.advanceTimersByTimeAsync(200);
    await crowd[2];
  });

  test("who comes when the queue is full is told to come back", async () => {
    later(hour);
    const { attemptSignIn } = await import("@/server/state/sign-ins");
    for (let index = 0; index < 27; index++) {
      later(5);
      await attemptSignIn("wrong", `198.18.4.${index}`);
    }
    later(5);
    const crowd = [1, 2, 3, 4, 5].map((index) => attemptSignIn("wrong", `198.18.5.${index}`));
    const refusal = { kind: "refused", seconds: 15 };
    expect(await Promise.all([crowd[3], crowd[4]])).toEqual([refusal, refusal]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await Promise.all(crowd)).map((end) => end.kind).slice(0, 3)).toEqual(Array(3).fill("wrong-password"));
  });
});
