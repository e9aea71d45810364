import { expect } from "@playwright/test";
import { nav } from "@/components/nav";
import { signedOut, signIn, test } from "@/tests/e2e/test";

test.use(signedOut);

test("a wrong password is refused with words, the right one opens the overview", async ({ page, app, problems }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/sign-in/);
  const password = page.getByLabel("Password");
  await expect(password).toBeFocused();
  await password.fill("not-the-password");
  await password.press("Enter");
  problems.expect(/callback\/credentials: 401$/);
  problems.expect(/status of 401/);
  await expect(page.getByRole("alert").filter({ hasText: /./ })).toHaveText(/password/i);
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await password.fill(app.adminPassword);
  await password.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page).toHaveURL(`${app.url}/overview`);
});

for (const { href, label } of nav) {
  test(`without a session ${label} leads to the sign-in`, async ({ page }) => {
    await page.goto(href);
    await expect(page).toHaveURL(/\/sign-in/);
    await expect(page.getByRole("heading", { name: "Sign in to Conduit" })).toBeVisible();
    await expect(page.getByRole("navigation")).toHaveCount(0);
  });
}

test("without a session the dashboard's API gives nothing", async ({ request, app }) => {
  for (const procedure of ["providers.list", "keys.list", "calls.list", "overview.summary"]) {
    const answer = await request.get(`/api/trpc/${procedure}`);
    expect(answer.status(), procedure).toBe(401);
  }
  const chat = await request.post("/api/playground/chat", {
    headers: { origin: app.url },
    data: { keyId: "x", body: {} },
  });
  expect(chat.status()).toBe(403);
});

test("signing out ends the session, also for pages that are still open", async ({ page, app, context, problems }) => {
  await signIn(page, app.adminPassword);
  const other = await context.newPage();
  await other.goto("/keys");
  await expect(other.getByRole("table", { name: "Keys" })).toBeVisible();
  const left = other.waitForURL(/\/sign-in/, { timeout: 40_000 });
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Conduit" })).toBeVisible();
  await page.goto("/providers");
  await expect(page).toHaveURL(/\/sign-in/);
  problems.expect(/api\/trpc.*: 401$/);
  problems.expect(/status of 401/);
  // It may have found out by itself: what it shows is asked for again when its window gets the focus.
  await Promise.race([left, other.getByRole("link", { name: "Models" }).click()]);
  await left;
});
