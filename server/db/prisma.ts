import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "@/server/db/generated/client";
import { onDatabaseClose } from "@/server/db/sql";
import { databaseUrl } from "@/server/db/url";
import { singleton } from "@/server/singleton";

/** The client for everything an admin does. Secret columns are left out of every result unless asked for by name. */
export function prisma() {
  return singleton("prisma", () => {
    const pool = new pg.Pool({ connectionString: databaseUrl(), max: 5 });
    pool.on("connect", oneQueryAtATime);
    const client = new PrismaClient({
      adapter: new PrismaPg(pool, { disposeExternalPool: true }),
      omit: { providerKey: { sealed: true }, virtualKey: { hash: true }, webhook: { sealed: true } },
    });
    onDatabaseClose(() => client.$disconnect());
    return client;
  });
}

/** Prisma sends the queries of a transaction side by side, which pg warns of: it is going to stop queueing them. */
function oneQueryAtATime(client: pg.PoolClient): void {
  const send = client.query;
  let last: Promise<unknown> = Promise.resolve();
  const query = (...args: unknown[]): unknown => {
    // Asked with a callback by the pool, which gives the connection to nobody else meanwhile.
    if (typeof args.at(-1) === "function") return Reflect.apply(send, client, args);
    const result = last.then(() => Reflect.apply(send, client, args));
    last = result.catch(() => undefined);
    return result;
  };
  Object.assign(client, { query });
}
