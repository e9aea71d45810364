import { expect } from "@playwright/test";
import { signedOut, test } from "@/tests/e2e/test";

test.use(signedOut);

test("the API reference is public, finds an operation, and its command can be copied", async ({
  page,
  context,
  app,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/docs");
  await expect(page.getByRole("heading", { name: "API reference" })).toBeVisible();
  await page.getByLabel("Search the admin operations").fill("virtual-keys post");
  const admin = page.getByRole("region", { name: "Admin" });
  await expect(admin.locator("details[id]")).toHaveCount(2);
  await admin.locator("#keys-create > summary").press("Enter");
  await expect(admin.getByRole("list", { name: "Body" }).getByText("expiresAt")).toBeVisible();
  await admin.getByRole("button", { name: /^Copy the command/ }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`curl -X POST "${app.url}/api/admin/virtual-keys"`);
});

test("an address leads to one operation, on a phone too", async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  await page.goto("/docs#post-v1-messages");
  await expect(page.locator("#post-v1-messages").getByRole("list", { name: "Body" })).toBeInViewport();
  const tooWide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(tooWide).toBe(false);
});
