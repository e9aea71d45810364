import pg from "pg";
import { expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";

test("each database is migrated and apart from the others", async () => {
  const [first, second] = await Promise.all([testDatabase(), testDatabase()]);
  const write = new pg.Client({ connectionString: first.url });
  const read = new pg.Client({ connectionString: second.url });
  await Promise.all([write.connect(), read.connect()]);
  await write.query("INSERT INTO setting (name, value, updated_at) VALUES ('a', '1', now())");
  const counts = await Promise.all(
    [write, read].map((client) => client.query("SELECT count(*)::int AS n FROM setting")),
  );
  expect(counts.map((result) => result.rows[0]?.n)).toEqual([1, 0]);
  await Promise.all([write.end(), read.end()]);
  await Promise.all([first.stop(), second.stop()]);
  await expect(new pg.Client({ connectionString: first.url }).connect()).rejects.toThrow("does not exist");
});
