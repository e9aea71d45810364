import { expect } from "@playwright/test";
import { admin } from "@/tests/e2e/admin-api";
import { rowOf, test, visit } from "@/tests/e2e/test";
import { answer } from "@/tests/e2e/vendor";

test("stopping an answer keeps what came and ends the vendor's work", async ({ page, vendor, furniture }) => {
  await visit(page, "/playground");
  await page.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: furniture.model }).click();
  const release = vendor.hold();
  await page.getByLabel("Message").fill("Hello?");
  await page.keyboard.press("Enter");
  const conversation = page.getByRole("main").getByRole("list");
  await expect(conversation).toContainText(answer.beginning);
  const { hungUp } = vendor.last();
  await page.getByRole("button", { name: "Stop" }).click();
  await hungUp;
  release();
  await expect(conversation).toContainText("stopped");
  await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
  await expect(conversation).not.toContainText(answer.end);

  await page.getByRole("link", { name: "Details" }).click();
  const call = page.getByRole("dialog", { name: furniture.model });
  await expect(call).toContainText("cancelled");
  await call.getByRole("button", { name: "Close" }).click();
  await expect(rowOf(page, new RegExp(furniture.model)).first()).toContainText("cancelled");
});

test("what the vendor refuses is said where the answer would be", async ({ page, app, furniture, problems }) => {
  await admin(app, "PATCH", `/providers/${furniture.providerId}`, { enabled: false });
  await visit(page, "/playground");
  await page.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: furniture.model }).click();
  await page.getByLabel("Message").fill("Hello?");
  await page.getByRole("button", { name: "Send" }).click();
  problems.expect(/playground\/chat: \d+$/);
  problems.expect(/Failed to load resource/);
  const conversation = page.getByRole("main").getByRole("list");
  await expect(conversation.getByRole("alert")).toContainText(/\w/);
  await admin(app, "PATCH", `/providers/${furniture.providerId}`, { enabled: true });
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect(conversation).toContainText(answer.whole);
});

test("the demonstration is called one where it is chosen, and where its call is read", async ({ page }) => {
  await visit(page, "/playground");
  await page.getByLabel("Model", { exact: true }).click();
  await page.getByRole("option", { name: "demo Demo" }).click();
  await expect(page.getByLabel("Model", { exact: true })).toContainText("Demo");
  await page.getByLabel("Message").fill("Hello?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("link", { name: "Details" })).toBeVisible();
  await page.getByRole("link", { name: "Details" }).click();
  const call = page.getByRole("dialog", { name: "demo" });
  await expect(call.getByText("Demo", { exact: true })).toBeVisible();
  await call.getByRole("button", { name: "Close" }).click();
  await expect(rowOf(page, /demo/).first().getByText("Demo", { exact: true }).last()).toBeVisible();
});
