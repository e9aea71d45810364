/** The page to open after signing in: an address on this server, or the overview. */
export function destination(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/overview";
}

/** What to tell after a refusal. next-auth says `CredentialsSignin` for a wrong password; other texts are the server's own. */
export function signInMessage(error: string | null | undefined): string {
  return !error || error === "CredentialsSignin" ? "Wrong password" : error;
}
