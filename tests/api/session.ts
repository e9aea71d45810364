import NextAuth from "next-auth";

/** What next-auth answers: its status, the address it sends to, and the cookies that a browser would keep. */
export type AuthAnswer = { status: number; url: string | undefined; cookies: Map<string, string>; flags: string };

type AuthRequest = {
  method: string;
  path: string[];
  body?: Record<string, string>;
  cookies?: Map<string, string>;
  ip?: string;
};

/** One request to next-auth with the app's own options. */
export async function askAuth({
  method,
  path,
  body = {},
  cookies = new Map(),
  ip = "192.0.2.50",
}: AuthRequest): Promise<AuthAnswer & { data: unknown }> {
  const { authOptions } = await import("@/server/auth");
  const set: string[] = [];
  const answer = { status: 200, data: undefined as unknown };
  const response = {
    status(code: number) {
      answer.status = code;
      return response;
    },
    getHeader: () => set,
    setHeader: (name: string, value: string[]) => {
      if (name === "Set-Cookie") set.splice(0, set.length, ...value);
      return response;
    },
    json: (data: unknown) => {
      answer.data = data;
    },
    send: (data: unknown) => {
      answer.data = data;
    },
    end: () => undefined,
  };
  const headers = { host: "localhost:5000", "x-forwarded-proto": "http", "x-forwarded-for": ip };
  const request = {
    method,
    body: { ...body, json: "true" },
    query: { nextauth: path },
    cookies: Object.fromEntries(cookies),
    headers,
  };
  await NextAuth(authOptions)(request, response);
  const kept = new Map(cookies);
  for (const line of set) {
    const [pair = ""] = line.split(";");
    kept.set(pair.slice(0, pair.indexOf("=")), decodeURIComponent(pair.slice(pair.indexOf("=") + 1)));
  }
  const url =
    typeof answer.data === "object" && answer.data && "url" in answer.data ? String(answer.data.url) : undefined;
  return { ...answer, url, cookies: kept, flags: set.filter((line) => line.includes("session-token")).join() };
}

/** Signs in as the sign-in page does: a token against forged forms first, then the password. */
export async function signIn(password: string, ip?: string): Promise<AuthAnswer> {
  const from = ip === undefined ? {} : { ip };
  const first = await askAuth({ method: "GET", path: ["csrf"], ...from });
  const csrfToken =
    typeof first.data === "object" && first.data && "csrfToken" in first.data ? String(first.data.csrfToken) : "";
  return askAuth({
    method: "POST",
    path: ["callback", "credentials"],
    body: { password, csrfToken },
    cookies: first.cookies,
    ...from,
  });
}

/** A browser's `cookie` header. */
export function cookieHeader(cookies: Map<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("; ");
}
