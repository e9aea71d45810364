import { startTestPostgres } from "@/tests/support/postgres";

/** A database of one's own. `stop` removes it. */
export type TestDatabase = { url: string; stop(): Promise<void> };

/** A fresh, migrated PostgreSQL database; within one vitest run all are on one server, elsewhere each starts its own. */
export async function testDatabase(): Promise<TestDatabase> {
  const desk = process.env.CONDUIT_TEST_DATABASES;
  if (desk === undefined) {
    const server = await startTestPostgres();
    return { url: await server.create(), stop: () => server.stop() };
  }
  const url = await ask(desk);
  return {
    url,
    stop: async () => {
      await ask(`${desk}?database=${encodeURIComponent(url)}`);
    },
  };
}

async function ask(address: string): Promise<string> {
  const answer = await fetch(address, { method: "POST" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`No test database: ${text}`);
  return text;
}
