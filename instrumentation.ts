/** Next calls this once when it starts, for each of its runtimes; only Node's has the app's state. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { bootNext } = await import("@/server/boot-next");
    await bootNext();
  }
}
