import { expect } from "@playwright/test";
import { settled, test, visit } from "@/tests/e2e/test";
import { vendorKeys } from "@/tests/e2e/vendor";

test.use({ installation: "upstreams" });

test("a provider's key gets a limit and another credential, and its deployment a window", async ({
  page,
  furniture,
}) => {
  await visit(page, "/providers");
  await page.getByRole("button", { name: "Actions for acme" }).click();
  await page.getByRole("menuitem", { name: "Keys" }).click();
  const keys = page.getByRole("dialog", { name: "Keys of acme" });
  await keys.getByRole("button", { name: "Edit key main" }).click();
  const form = page.getByRole("dialog", { name: "Key main" });
  await form.getByLabel("At once").fill("none");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form.getByLabel("At once")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("At once").fill("3");
  await form.getByLabel("New API key").fill(vendorKeys.right);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toHaveCount(0);
  await expect(keys).toContainText("limited");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Actions for acme" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "acme" });
  await edit.getByLabel("Requests / min").fill("600");
  await edit.getByRole("button", { name: "Save", exact: true }).click();
  await expect(edit).toHaveCount(0);

  await visit(page, `/models?model=${furniture.modelId}`);
  await settled(page);
  await page.getByRole("button", { name: /^Tags, region and limits of/ }).click();
  const placing = page.getByRole("dialog", { name: "Tags, region, window and limits" });
  await placing.getByLabel("Context window, tokens").fill("8192");
  await placing.getByRole("button", { name: "Save" }).click();
  await expect(placing).toHaveCount(0);
});
