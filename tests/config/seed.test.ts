import "@/tests/config/environment";

import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/server/db/prisma";
import { seedOnce } from "@/server/db/seed";
import { sha256 } from "@/server/secret";
import { secrets } from "@/server/secrets";
import { clearDatabase, installation, snapshot } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

test("the first start makes a priced demo model and the key that start-up prints", async () => {
  await seedOnce();
  const model = await prisma().model.findFirstOrThrow({
    include: { deployments: { include: { provider: true, prices: true } } },
  });
  expect(model).toMatchObject({ name: "demo", managed: false });
  expect(model.deployments).toMatchObject([
    {
      upstreamModel: "demo",
      provider: { name: "demo", type: "demo" },
      prices: [{ version: 1, source: "own", rates: { input: 100_000_000, output: 400_000_000 } }],
    },
  ]);
  const key = await prisma().virtualKey.findFirstOrThrow({ omit: { hash: false } });
  expect(key).toMatchObject({
    name: "first-key",
    hash: sha256(secrets().firstKey?.reveal() ?? ""),
    models: ["*"],
    enabled: true,
  });
});

test("later starts change nothing, also those that run at the same time", async () => {
  await Promise.all([seedOnce(), seedOnce(), seedOnce()]);
  const before = await snapshot();
  await seedOnce();
  expect(await snapshot()).toEqual(before);
  expect(await prisma().provider.count()).toBe(1);
});

test("what was deleted is not made again", async () => {
  await seedOnce();
  await prisma().model.deleteMany();
  await prisma().provider.deleteMany();
  await prisma().virtualKey.deleteMany();
  await seedOnce();
  expect([await prisma().provider.count(), await prisma().model.count(), await prisma().virtualKey.count()]).toEqual([
    0, 0, 0,
  ]);
});

test("a database that is in use gets no demo, now or later", async () => {
  await prisma().provider.create({ data: { name: "theirs", type: "openai" } });
  await seedOnce();
  await prisma().provider.deleteMany();
  await seedOnce();
  expect(await prisma().provider.count()).toBe(0);
  expect(await prisma().virtualKey.count()).toBe(0);
});
