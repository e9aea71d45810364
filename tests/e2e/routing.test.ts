import { expect } from "@playwright/test";
import { z } from "zod";
import { admin } from "@/tests/e2e/admin-api";
import { settled, test, visit } from "@/tests/e2e/test";

const Made = z.looseObject({ id: z.string() });
const Rules = z.array(z.looseObject({ id: z.string(), conditions: z.array(z.looseObject({ value: z.json() })) }));

test("a rule's list whose values hold commas is opened, added to and saved as it is", async ({ page, app }) => {
  const { id } = Made.parse(
    await admin(app, "POST", "/routing/rules", {
      name: "Some teams",
      conditions: [{ field: "header", name: "x-team", operator: "in", value: ["sales, north", "support"] }],
      actions: [{ action: "refuse", message: "Not for you." }],
    }),
  );
  await visit(page, `/routing?rule=${id}`);
  const form = page.getByRole("dialog", { name: "Some teams" });
  await expect(form.getByText("sales, north", { exact: true })).toBeVisible();
  await form.getByLabel("Header: values").fill("sales, south");
  await form.getByLabel("Header: values").press("Enter");
  await expect(form.getByText("sales, south", { exact: true })).toBeVisible();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("list", { name: "Rules" })).toContainText("“sales, north”, support, “sales, south”");
  const saved = Rules.parse(await admin(app, "GET", "/routing/rules")).find((rule) => rule.id === id);
  expect(saved?.conditions[0]?.value).toEqual(["sales, north", "support", "sales, south"]);
  await admin(app, "DELETE", `/routing/rules/${id}`);
});

test("the tester tells where a request goes, what limits it, and what is kept for it", async ({
  page,
  app,
  furniture,
}) => {
  const spent = { name: "nearly spent", budgets: [{ period: "total", limitUsd: "0.05" }], cache: true };
  const { key } = z.looseObject({ key: z.string() }).parse(await admin(app, "POST", "/virtual-keys", spent));
  const body = JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] });
  await visit(page, "/routing?tab=simulator");
  await page.getByLabel("Key", { exact: true }).click();
  await page.getByRole("option", { name: "nearly spent" }).click();
  await page.getByLabel("Request").fill(body);
  const ask = page.getByRole("button", { name: "Where would it go?" });
  await ask.click();
  await expect(page.getByRole("note")).toContainText("It goes to acme acme-large-2");
  await expect(page.getByText("no answer is kept for this request")).toBeVisible();
  await expect(page.getByText(/The budget pays for: [\d,]+ tokens of the answer/)).toBeVisible();

  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", accept: "*/*" };
  expect((await fetch(`${app.url}/v1/chat/completions`, { method: "POST", headers, body })).status).toBe(200);
  await page.getByLabel("Headers").fill("accept: */*");
  await ask.click();
  await expect(page.getByRole("note")).toContainText(/It is answered from the cache, with what was kept .* ago/);

  await page.getByLabel("API").click();
  await page.getByRole("option", { name: "Gemini generateContent" }).click();
  await expect(page.getByText("they stand for the path")).toBeVisible();
  await page.getByLabel("Request").fill(
    JSON.stringify({
      model: furniture.model,
      contents: [{ parts: [{ text: "Hello?" }] }],
      generationConfig: { maxOutputTokens: 100_000 },
    }),
  );
  await ask.click();
  await expect(page.getByRole("note")).toContainText("is used up");
  await settled(page);
});
