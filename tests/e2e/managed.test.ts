import { expect, type Page } from "@playwright/test";
import { admin } from "@/tests/e2e/admin-api";
import { rowOf, test, visit } from "@/tests/e2e/test";
import { vendorKeys } from "@/tests/e2e/vendor";

const declaredKey = "condt_declared_0123456789abcdefghijklmnopqr";

function declared(vendorUrl: string, limitUsd: number) {
  return {
    providers: [
      {
        name: "from-file",
        type: "openai-compatible",
        baseUrl: vendorUrl,
        allowPrivateNetwork: true,
        keys: [{ name: "main", apiKey: vendorKeys.right }],
      },
    ],
    models: [{ name: "declared-model", deployments: [{ provider: "from-file", model: "acme-vision-1" }] }],
    groups: [{ name: "declared-team", balanceUsd: 100 }],
    virtualKeys: [
      {
        name: "declared-key",
        key: declaredKey,
        group: "declared-team",
        models: ["*"],
        budgets: [{ period: "month", limitUsd }],
      },
    ],
  };
}

/** Reloads until the row of a page says what it should: the file is applied a moment after it is written. */
async function expectRow(page: Page, path: string, { name, text }: { name: string; text: string }): Promise<void> {
  await expect(async () => {
    await visit(page, path);
    await expect(rowOf(page, new RegExp(name))).toContainText(text, { timeout: 500 });
  }).toPass({ timeout: 15_000 });
}

const nouns = [
  { path: "/providers", name: "from-file" },
  { path: "/models", name: "declared-model" },
  { path: "/keys", name: "declared-key" },
] as const;

test("what conduit.json declares can be seen and not changed, and follows the file", async ({ page, app, vendor }) => {
  app.configure(declared(vendor.baseUrl, 5));
  for (const noun of nouns) {
    await expectRow(page, noun.path, { name: noun.name, text: "Managed by conduit.json" });
    const row = rowOf(page, new RegExp(noun.name));
    await expect(row.getByRole("switch")).toBeDisabled();
    await row.getByRole("button", { name: `Actions for ${noun.name}` }).click();
    await expect(page.getByRole("menuitem", { name: "Delete" })).toBeDisabled();
    await page.getByRole("menuitem", { name: "View" }).click();
    const dialog = page.getByRole("dialog", { name: noun.name });
    await expect(dialog).toContainText("Managed by conduit.json");
    await expect(dialog.getByLabel("Name", { exact: true })).toBeDisabled();
    await expect(dialog.getByRole("button", { name: "Save", exact: true })).toHaveCount(0);
    for (const control of await dialog.getByRole("textbox").all()) await expect(control).toBeDisabled();
    await page.keyboard.press("Escape");
  }
  await visit(page, "/keys?tab=groups");
  const group = rowOf(page, /declared-team/);
  await expect(group).toContainText("Managed by conduit.json");
  await expect(group.getByRole("button", { name: "Delete declared-team" })).toBeDisabled();

  app.configure(declared(vendor.baseUrl, 7.5));
  await expectRow(page, "/keys", { name: "declared-key", text: "$7.50 a month" });
});

test("the API refuses to change what conduit.json declares", async ({ page, app, vendor }) => {
  app.configure(declared(vendor.baseUrl, 5));
  await expectRow(page, "/keys", { name: "declared-key", text: "$5.00 a month" });
  const keys = await admin(app, "GET", "/virtual-keys");
  const id = JSON.stringify(keys).match(/"id":"([^"]+)","name":"declared-key"/)?.[1];
  expect(id).toBeDefined();
  for (const [method, path, body] of [
    ["PATCH", `/virtual-keys/${id}`, { enabled: false }],
    ["DELETE", `/virtual-keys/${id}`, undefined],
  ] as const)
    await expect(admin(app, method, path, body)).rejects.toThrow(/409.*managed by conduit\.json/);
});

test("what the file no longer declares is gone", async ({ page, app, vendor }) => {
  app.configure(declared(vendor.baseUrl, 5));
  await expectRow(page, "/models", { name: "declared-model", text: "Managed by conduit.json" });
  app.configure({});
  await expect(async () => {
    await visit(page, "/models");
    await expect(rowOf(page, /declared-model/)).toHaveCount(0, { timeout: 500 });
  }).toPass({ timeout: 15_000 });
  await visit(page, "/keys");
  await expect(rowOf(page, /declared-key/)).toHaveCount(0);
});
