import { expect } from "@playwright/test";
import { rowOf, settled, test, visit } from "@/tests/e2e/test";

test("a key's budget is added, fills as calls are made, is increased for a while and reset", async ({
  page,
  app,
  furniture,
}) => {
  await visit(page, `/keys?budgets=${furniture.key.id}`);
  const sheet = page.getByRole("dialog", { name: "Budgets of storefront" });
  await sheet.getByRole("button", { name: "Add budget" }).first().click();
  await sheet.getByLabel("Limit in dollars").fill("2.50");
  await sheet.getByLabel("Period").click();
  await page.getByRole("option", { name: /^Rolling hours/ }).click();
  await sheet.getByLabel("Hours", { exact: true }).fill("5");
  await sheet.getByRole("form", { name: "New budget" }).getByRole("button", { name: "Add budget" }).click();
  const budget = sheet.getByRole("article", { name: "$2.50 in any 5 hours" });
  await expect(budget).toContainText("$0.00 spent");

  const answer = await fetch(`${app.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${furniture.key.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] }),
  });
  expect(answer.status).toBe(200);
  await expect(budget).not.toContainText("$0.00 spent", { timeout: 20_000 });

  await budget.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Increase for a while" }).click();
  await page.getByLabel("Dollars more").fill("10");
  await page.getByRole("button", { name: "Increase", exact: true }).click();
  await expect(budget).toContainText("$10.00 more until");

  await budget.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Reset" }).click();
  await page.getByRole("button", { name: "Reset", exact: true }).click();
  await expect(budget).toContainText("$0.00 spent");
});

test("a group is credited, and the transaction says why", async ({ page }) => {
  await visit(page, "/keys?tab=groups");
  await expect(page.getByRole("button", { name: "Create group" })).toHaveCount(1);
  await page.getByRole("button", { name: "Create group" }).click();
  const form = page.getByRole("dialog", { name: "Create a group" });
  await form.getByLabel("Name").fill("team-credit");
  await form.getByLabel("Balance in dollars").fill("25");
  await form.getByRole("button", { name: "Create group" }).click();
  await rowOf(page, "team-credit").getByRole("button", { name: "team-credit", exact: true }).click();
  const sheet = page.getByRole("dialog", { name: "team-credit" });
  await sheet.getByRole("button", { name: "Credit or debit" }).click();
  await sheet.getByLabel("Amount in dollars").fill("75.5");
  await sheet.getByLabel("Reason").fill("Invoice 117");
  await sheet.getByRole("button", { name: "Post" }).click();
  await expect(sheet.getByRole("listitem").filter({ hasText: "Invoice 117" })).toContainText("$100.50 then");
  await expect(sheet.getByRole("definition").first()).toHaveText("$100.50");
});

test("a call's cost is explained line by line, and refunded once", async ({ page, app, furniture }) => {
  await fetch(`${app.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${furniture.key.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] }),
  });
  await expect(async () => {
    await visit(page, `/calls?model=${furniture.model}`);
    await expect(page.getByRole("row").filter({ hasText: "200" })).not.toHaveCount(0, { timeout: 500 });
  }).toPass();
  await page.getByRole("row").filter({ hasText: "200" }).first().click();
  const sheet = page.getByRole("dialog", { name: furniture.model });
  await expect(sheet.getByRole("row").filter({ hasText: "at $2.50 / M" })).toHaveCount(1);
  await expect(sheet.getByRole("row").filter({ hasText: "at $10.00 / M" })).toHaveCount(1);
  await sheet.getByRole("button", { name: "Refund" }).click();
  const dialog = page.getByRole("dialog", { name: "Refund this call" });
  await dialog.getByLabel("Reason").fill("Asked for");
  await dialog.getByRole("button", { name: "Refund" }).click();
  await expect(sheet.getByRole("row").filter({ hasText: "Refunded" })).toContainText("Asked for");
  await expect(sheet.getByRole("button", { name: "Refund" })).toHaveCount(0);
});

test("a routing rule is written in the dashboard, and the tester tells what it does", async ({ page, furniture }) => {
  await visit(page, "/routing?newrule=1");
  const form = page.getByRole("dialog", { name: "Add a rule" });
  await form.getByLabel("Name").fill("No calls here");
  await form.getByLabel("Model: value").fill(furniture.model);
  await form.getByLabel("Action", { exact: true }).click();
  await page.getByRole("option", { name: /^Refuse/ }).click();
  await form.getByLabel("Message").fill("Ask for another one.");
  await form.getByRole("button", { name: "Add rule" }).click();
  await expect(page.getByRole("list", { name: "Rules" })).toContainText(`Model is ${furniture.model}`);

  await visit(page, "/routing?tab=simulator");
  await page
    .getByLabel("Request")
    .fill(JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] }));
  await expect(async () => {
    await page.getByRole("button", { name: "Where would it go?" }).click();
    await expect(page.getByRole("note")).toContainText("Ask for another one.", { timeout: 1_000 });
  }).toPass({ timeout: 10_000 });

  await visit(page, "/routing");
  await page.getByRole("button", { name: "Delete No calls here" }).click();
  await page.getByRole("button", { name: "Delete rule" }).click();
  await settled(page);
  await expect(page.getByText("No rules yet")).toBeVisible();
});
