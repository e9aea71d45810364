import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@/server/db/generated/client";
import { onDatabaseClose } from "@/server/db/sql";
import { databaseUrl } from "@/server/db/url";
import { singleton } from "@/server/singleton";

/** The client for everything an admin does. Secret columns are left out of every result unless asked for by name. */
export function prisma() {
  return singleton("prisma", () => {
    const client = new PrismaClient({
      adapter: new PrismaPg({ connectionString: databaseUrl(), max: 5 }),
      omit: { providerKey: { sealed: true }, virtualKey: { hash: true } },
    });
    onDatabaseClose(() => client.$disconnect());
    return client;
  });
}
