import { createHmac } from "node:crypto";
import type { NextAuthOptions } from "next-auth";
import { decode } from "next-auth/jwt";
import CredentialsProvider from "next-auth/providers/credentials";
import { z } from "zod";
import { secrets } from "@/server/secrets";
import { attemptSignIn } from "@/server/state/sign-ins";

const ADMIN = "admin";

const Credentials = z.object({ password: z.string().min(1).max(1024) });
const Address = z.union([z.ipv4(), z.ipv6()]);
const ForwardedFor = z.object({ "x-forwarded-for": z.string().optional() });

/** The dashboard's sign-in: one admin, one password, a session in a signed and encrypted cookie for a week. */
export const authOptions: NextAuthOptions = {
  get secret() {
    return sessionKey();
  },
  session: { strategy: "jwt", maxAge: 7 * 24 * 60 * 60 },
  pages: { signIn: "/sign-in", error: "/sign-in" },
  providers: [
    CredentialsProvider({
      name: "Admin password",
      credentials: { password: { label: "Password", type: "password" } },
      authorize: async (given, request) => {
        const credentials = Credentials.safeParse(given);
        if (!credentials.success) return null;
        const headers = ForwardedFor.safeParse(request.headers);
        const result = await attemptSignIn(credentials.data.password, addressOf(headers.data?.["x-forwarded-for"]));
        // The sign-in page shows this text.
        if (result.kind === "refused") throw new Error(`Too many failed attempts. Try again in ${result.seconds} s.`);
        return result.kind === "signed-in" ? { id: ADMIN, name: "Admin" } : null;
      },
    }),
  ],
};

/** Whether a `cookie` header holds a session of the admin that next-auth issued and that has not expired. */
export async function signedIn(cookies: string | null): Promise<boolean> {
  const token = /(?:^|;\s*)(?:__Secure-)?next-auth\.session-token=([^;\s]+)/.exec(cookies ?? "")?.[1];
  if (token === undefined) return false;
  try {
    return (await decode({ token, secret: sessionKey() }))?.sub === ADMIN;
  } catch {
    // Forged, expired, or from before a secret was changed: no session, whatever the reason.
    return false;
  }
}

/**
 * The caller's address as the nearest proxy saw it: the last entry of `x-forwarded-for`, which is the one that a caller
 * cannot write. The server sets that header from the socket unless it is told to trust a proxy.
 */
export function addressOf(forwardedFor: string | null | undefined): string | null {
  const last = Address.safeParse(forwardedFor?.split(",").at(-1)?.trim());
  return last.success ? last.data : null;
}

/** The password is part of the key, so that a new one ends every session. */
function sessionKey(): string {
  const { sessionSecret, adminPassword } = secrets();
  return createHmac("sha256", sessionSecret.reveal()).update(adminPassword.reveal()).digest("hex");
}
