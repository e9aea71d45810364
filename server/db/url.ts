import { env } from "@/server/env";
import { singleton } from "@/server/singleton";

const held = singleton("database-url", (): { url: string | undefined } => ({ url: env.databaseUrl }));

/** The database's connection URL; known after the embedded server was started, or from the start with DATABASE_URL. */
export function databaseUrl(): string {
  if (!held.url) throw new Error("The database is not started yet.");
  return held.url;
}

/** Set once by the embedded server when it is up. */
export function setDatabaseUrl(url: string): void {
  held.url = url;
}
