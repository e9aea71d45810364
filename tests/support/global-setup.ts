import { createServer } from "node:http";
import { startTestPostgres, type TestPostgres } from "@/tests/support/postgres";

/** Offers databases to every test file of the run from one server, which starts when the first of them asks. */
export default async function setup(): Promise<() => Promise<void>> {
  let postgres: Promise<TestPostgres> | undefined;
  const desk = createServer((request, response) => {
    postgres ??= startTestPostgres();
    const url = new URL(request.url ?? "/", "http://desk").searchParams.get("database");
    const work = postgres.then(async (server) => (url === null ? await server.create() : await server.drop(url)));
    work.then(
      (made) => response.end(made ?? ""),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, "127.0.0.1", resolve));
  const address = desk.address();
  if (typeof address !== "object" || !address) throw new Error("The desk for test databases has no address.");
  process.env.CONDUIT_TEST_DATABASES = `http://127.0.0.1:${address.port}/`;
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await (await postgres)?.stop();
  };
}
