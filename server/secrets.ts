import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { env } from "@/server/env";
import { createSealer, newVirtualKey, type Sealer, Secret } from "@/server/secret";
import { singleton } from "@/server/singleton";

const names = {
  adminPassword: "CONDUIT_ADMIN_LOGIN_PASSWORD",
  backendKey: "CONDUIT_API_TO_API_BACKEND_AUTH_KEY",
  sessionSecret: "SESSION_SECRET",
  encryptionKey: "CONDUIT_ENCRYPTION_KEY",
} as const;
type Name = keyof typeof names;

/** Shortest value that is taken on an address that others can reach. */
const MIN_LENGTH: Record<Name, number> = { adminPassword: 8, backendKey: 16, sessionSecret: 16, encryptionKey: 16 };

const Kept = z.object({
  adminPassword: z.string().min(1).optional(),
  backendKey: z.string().min(1).optional(),
  sessionSecret: z.string().min(1).optional(),
  encryptionKey: z.string().min(1).optional(),
  firstKey: z.string().min(1).optional(),
});
type Kept = z.infer<typeof Kept>;

export type Secrets = {
  readonly adminPassword: Secret;
  readonly backendKey: Secret;
  readonly sessionSecret: Secret;
  readonly sealer: Sealer;
  /** The virtual key that is made for the first call on a new, local installation; undefined elsewhere. */
  readonly firstKey: Secret | undefined;
  /** The file that generated secrets are kept in, and whether the admin password is one of them. */
  readonly file: string;
  readonly passwordGenerated: boolean;
};

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The installation's secrets: from the environment, else (on loopback only) generated once and kept in the data directory
 * with mode 0600. Throws an error that names every missing variable when the server would be reachable from elsewhere.
 */
export function secrets(): Secrets {
  const host = reach().everywhere && !env.hostGiven ? EVERYWHERE : env.host;
  return singleton("secrets", () => resolveSecrets(env.secrets, host, env.dataDir));
}

/** Says that another program listens, on every address unless HOST says which: then nothing is generated. */
export function listensEverywhere(): void {
  reach().everywhere = true;
}

const EVERYWHERE = "0.0.0.0";

function reach(): { everywhere: boolean } {
  return singleton("reach", () => ({ everywhere: false }));
}

/** As `secrets`, for given settings. */
export function resolveSecrets(
  given: Partial<Record<Name, string | undefined>>,
  host: string,
  dataDir: string,
): Secrets {
  const local = isLoopback(host);
  if (!local) refuseWeak(given, host);
  const file = join(dataDir, "secrets.json");
  const kept = local ? readKept(file) : {};
  const made: Kept = { ...kept };
  const value = (name: Name): string => {
    const present = given[name] ?? made[name];
    if (present !== undefined) return present;
    const fresh = randomBytes(name === "adminPassword" ? 12 : 32).toString("base64url");
    made[name] = fresh;
    return fresh;
  };
  if (local) made.firstKey ??= newVirtualKey();
  const result = {
    adminPassword: new Secret(value("adminPassword")),
    backendKey: new Secret(value("backendKey")),
    sessionSecret: new Secret(value("sessionSecret")),
    sealer: createSealer(value("encryptionKey")),
    firstKey: made.firstKey === undefined ? undefined : new Secret(made.firstKey),
    file,
    passwordGenerated: given.adminPassword === undefined,
  };
  if (JSON.stringify(made) !== JSON.stringify(kept)) writeKept(file, made);
  return result;
}

function refuseWeak(given: Partial<Record<Name, string | undefined>>, host: string): void {
  const problems = (Object.keys(names) as Name[]).flatMap((name) => {
    const length = given[name]?.length ?? 0;
    if (length >= MIN_LENGTH[name]) return [];
    return [`  ${names[name]} ${length === 0 ? "is not set" : `is shorter than ${MIN_LENGTH[name]} characters`}`];
  });
  if (problems.length === 0) return;
  throw new Error(
    `The address is ${host}, which others can reach, so Conduit starts only with secrets of your own:\n${problems.join("\n")}\n` +
      "Set them, for instance each with the output of `openssl rand -base64 32`, or set HOST=127.0.0.1 where only this machine reaches it.",
  );
}

function readKept(file: string): Kept {
  if (!existsSync(file)) return {};
  try {
    return Kept.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(
      `${file} holds the installation's secrets but cannot be read. Restore it from a backup; a new one could not open stored provider keys.`,
      { cause },
    );
  }
}

function writeKept(file: string, kept: Kept): void {
  mkdirSync(join(file, ".."), { recursive: true });
  // Written aside and renamed, so that a crash leaves the old file or the new one.
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}
