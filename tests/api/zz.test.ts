import { test } from "vitest";
import { useApi } from "@/tests/api/support";
const api = useApi();
test("x", async () => {
  const { prisma } = await import("@/server/db/prisma");
  await prisma().group.create({ data: { name: "a", externalId: "e" } });
  await prisma().group.create({ data: { name: "b", externalId: "e" } }).catch((e) => console.log(e.code, JSON.stringify(e.meta)));
  const p = await prisma().provider.create({ data: { name: "p", type: "demo", keys: { create: [{ name: "k", sealed: "x", hint: "" }] } } });
  await prisma().providerKey.create({ data: { providerId: p.id, name: "k", sealed: "x", hint: "" } }).catch((e) => console.log(e.code, JSON.stringify(e.meta)));
  await prisma().virtualKey.create({ data: { name: "b", hash: "e", prefix: "", last4: "", groupId: "01990000-0000-7000-8000-000000000000" } }).catch((e) => console.log(e.code, JSON.stringify(e.meta)));
  await api.sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()").catch(() => 0);
  await prisma().group.findMany().catch((e) => console.log(e.name, e.code, JSON.stringify(e.meta), String(e).slice(0,200)));
});
