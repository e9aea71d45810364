/** Next calls this once when it starts. Below `npm start` the process is up already; alone (`next start`) this brings it up. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { boot, shutDown } = await import("@/server/boot");
  const { log } = await import("@/server/log");
  const { singleton } = await import("@/server/singleton");
  await boot();
  // The server mount stops in its own order; where there is none, the last calls are written here.
  const owner = singleton("owner", () => ({ is: "next" }));
  if (owner.is !== "next") return;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      shutDown().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "The shutdown was not clean.");
          process.exit(1);
        },
      );
    });
  }
}
