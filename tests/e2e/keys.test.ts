import { expect } from "@playwright/test";
import { issueKey } from "@/tests/e2e/admin-api";
import { rowOf, signedOut, signIn, tabTo, test, visit } from "@/tests/e2e/test";

test("a key that is switched off is refused within a second, and works again when it is switched on", async ({
  page,
  app,
  furniture,
}) => {
  const { key } = await issueKey(app, "switched");
  const statusOfCall = async () => {
    const answer = await fetch(`${app.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const withinASecond = { timeout: 1_000, intervals: [50] };
  expect(await statusOfCall()).toBe(200);
  await visit(page, "/keys");
  const enabled = rowOf(page, "switched").getByRole("switch");
  for (const [on, status] of [
    [false, 401],
    [true, 200],
  ] as const) {
    const stored = page.waitForResponse(/keys\.update/);
    await enabled.click();
    await stored;
    await expect.poll(statusOfCall, withinASecond).toBe(status);
    await expect(enabled).toBeChecked({ checked: on });
  }
});

test("a rotated key is shown once, and its old text is refused", async ({ page, app, furniture }) => {
  const old = await issueKey(app, "rotated");
  await visit(page, "/keys");
  await page.getByRole("button", { name: "Actions for rotated" }).click();
  await page.getByRole("menuitem", { name: "Rotate" }).click();
  await page.getByRole("button", { name: "Rotate key" }).click();
  const issued = page.getByRole("dialog", { name: "Key for rotated" });
  const fresh = await issued.getByLabel("Virtual key", { exact: true }).inputValue();
  expect(fresh).not.toBe(old.key);
  const statusOf = async (key: string) =>
    (await fetch(`${app.url}/v1/models/${furniture.model}`, { headers: { authorization: `Bearer ${key}` } })).status;
  await expect.poll(() => statusOf(old.key), { timeout: 1_000, intervals: [50] }).toBe(401);
  expect(await statusOf(fresh)).toBe(200);
});

test.describe("with the keyboard alone", () => {
  test.use(signedOut);

  test("one can sign in, create a key and find it", async ({ page, app }) => {
    const { keyboard } = page;
    await page.goto("/sign-in");
    await expect(page.getByLabel("Password")).toBeFocused();
    await keyboard.type(app.adminPassword);
    await keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();

    await tabTo(page, page.getByRole("navigation").getByRole("link", { name: "Keys" }));
    await keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Keys" })).toBeVisible();
    const create = page.getByRole("button", { name: "Create key" }).first();
    await expect(create).toBeVisible();
    await tabTo(page, create);
    await expect(create).toHaveCSS("outline-style", "solid");
    await keyboard.press("Enter");

    const form = page.getByRole("dialog", { name: "Create a key" });
    await expect(form.getByLabel("Name")).toBeFocused();
    await keyboard.type("by-keyboard");
    await tabTo(page, form.getByRole("button", { name: "Create key" }));
    await keyboard.press("Space");

    const issued = page.getByRole("dialog", { name: "Key for by-keyboard" });
    await expect(issued.getByLabel("Virtual key", { exact: true })).toHaveValue(/^condt_/);
    await tabTo(page, issued.getByRole("button", { name: "I have stored it" }));
    await keyboard.press("Enter");
    await expect(issued).toBeHidden();
    await expect(rowOf(page, "by-keyboard")).toBeVisible();
  });

  test("Escape closes a dialog and gives the focus back", async ({ page, app, furniture }) => {
    await signIn(page, app.adminPassword);
    await visit(page, "/providers");
    const add = page.getByRole("button", { name: "Add provider" });
    await tabTo(page, add);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^OpenAI-compatible/ }).press("Enter");
    await expect(page.getByRole("dialog", { name: "Add OpenAI-compatible" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(add).toBeFocused();

    // Opened from a menu, whose entries are gone by then.
    const actions = rowOf(page, /acme/).getByRole("button", { name: "Actions for acme" });
    await tabTo(page, actions);
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Test connection" }).press("Enter");
    await expect(page.getByRole("dialog", { name: "Test acme" })).toBeVisible();
    expect(page.url()).toContain(furniture.providerId);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(actions).toBeFocused();
  });
});
