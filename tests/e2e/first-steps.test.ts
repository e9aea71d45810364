import { expect, type Locator, type Page } from "@playwright/test";
import OpenAI from "openai";
import type { App } from "@/tests/e2e/app";
import { type Exchange, startTap, type Tap } from "@/tests/e2e/tap";
import { test as base, rowOf, settled, signedOut, signIn } from "@/tests/e2e/test";
import { answer, usage, type Vendor, vendorKeys, vendorModels } from "@/tests/e2e/vendor";

const test = base.extend<{ tap: Tap }>({
  tap: async ({ app }, use) => {
    const tap = await startTap(app.url);
    await use(tap);
    await tap.stop();
  },
  baseURL: ({ tap }, use) => use(tap.url),
});

// An app that nobody has used, whatever ran before.
test.use({ installation: "new", permissions: ["clipboard-read", "clipboard-write"], ...signedOut });

const provider = "acme";
const model = "acme-large-2";
/** 1,200 tokens at $2.50 and 340 at $10 a million. */
const cost = "$0.0064";

test("a newcomer gets from signing in to a counted call, and no provider key comes back", async ({
  page,
  app,
  vendor,
  tap,
  problems,
}) => {
  test.setTimeout(180_000);
  await test.step("sign in", () => arrive(page, app));
  // The address of the vendor is private, which is refused at first.
  problems.expect(/providers\.test.*: 400$/);
  problems.expect(/status of 400/);
  await test.step("add a provider", () => addProvider(page, vendor));
  await test.step("pick models", () => pickModels(page));
  await test.step("set a price", () => setPrice(page));
  const key = await test.step("create a key", () => createKey(page, tap.url));
  await test.step("call with the official client", () => callWithClient(tap.url, key));
  await test.step("ask in the playground", () => ask(page, vendor));
  await test.step("read the call", () => readCall(page));
  await test.step("find every step done", () => findAllDone(page));
  expect(carriers(tap.exchanges, vendorKeys.right)).toEqual({
    requests: ["POST /api/trpc/providers.test", "POST /api/trpc/providers.create"],
    responses: [],
  });
  expect(carriers(tap.exchanges, vendorKeys.wrong)).toEqual({
    requests: ["POST /api/trpc/providers.test", "POST /api/trpc/providers.test"],
    responses: [],
  });
  // The key of the newcomer's own comes once, which also shows that the tap sees answers.
  expect(carriers(tap.exchanges, key).responses).toEqual(["POST /api/trpc/keys.create"]);
});

/** Which exchanges hold a text, and on which way. */
function carriers(exchanges: readonly Exchange[], text: string) {
  const named = (part: "request" | "response") =>
    exchanges.filter((exchange) => exchange[part].includes(text)).map((exchange) => exchange.name);
  return { requests: named("request"), responses: named("response") };
}

async function arrive(page: Page, app: App): Promise<void> {
  await signIn(page, app.adminPassword);
  const steps = page.getByRole("region", { name: "First steps" });
  await expect(steps).toContainText("0 of 4 steps done");
  await steps.getByRole("link", { name: "Add a provider" }).click();
}

async function addProvider(page: Page, vendor: Vendor): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^OpenAI-compatible/ }).click();
  await dialog.getByLabel("Name").fill(provider);
  await dialog.getByLabel("Base URL").fill(vendor.baseUrl);
  await dialog.getByLabel("API key").fill(vendorKeys.wrong);
  const test = dialog.getByRole("button", { name: "Test connection" });
  const refusal = dialog.getByRole("alert");

  await test.click();
  await expect(refusal).toContainText(/private|address/i);
  await dialog.getByText("More options").click();
  await dialog.getByLabel("Allow private network").click();
  await test.click();
  await expect(refusal).toContainText("The provider refused the key (HTTP 401)");
  await expect(refusal).not.toContainText(vendorKeys.wrong);

  await dialog.getByLabel("API key").fill(vendorKeys.right);
  await test.click();
  await expect(dialog.getByRole("status")).toContainText(`${vendorModels.length} models found`);
  await dialog.getByRole("button", { name: "Add provider" }).click();
}

async function pickModels(page: Page): Promise<void> {
  const dialog = page.getByRole("dialog", { name: `Pick models of ${provider}` });
  for (const listed of vendorModels) await expect(dialog.getByLabel(listed)).not.toBeChecked();
  await dialog.getByLabel(model).check();
  await dialog.getByLabel("acme-small-2").check();
  await dialog.getByRole("button", { name: "Add 2 models" }).click();
  await expect(dialog).toBeHidden();
  const row = rowOf(page, new RegExp(provider));
  await expect(row).toContainText("OpenAI-compatible");
  await expect(row).toContainText(`…${vendorKeys.right.slice(-4)}`);
  await expect(row.getByRole("button", { name: "2 models, pick more" })).toBeVisible();
}

async function setPrice(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Models" }).click();
  const row = rowOf(page, model);
  await expect(row).toContainText("Unpriced");
  await row.getByRole("button", { name: model, exact: true }).click();
  await page.getByRole("button", { name: `Price of ${model}` }).click();
  const dialog = page.getByRole("dialog", { name: "Price per million tokens" });
  await dialog.getByLabel("Input", { exact: true }).fill("2.50");
  await dialog.getByLabel("Output", { exact: true }).fill("10");
  await dialog.getByRole("button", { name: "Set price" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("dialog", { name: model }).getByRole("button", { name: "Close" }).click();
  await expect(row).toContainText("$2.50 / $10.00");
}

/** Gives the key as it was shown. */
async function createKey(page: Page, url: string): Promise<string> {
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "First steps" })).toContainText("2 of 4 steps done");
  await page.getByRole("link", { name: "Create a key" }).click();
  const form = page.getByRole("dialog", { name: "Create a key" });
  await form.getByLabel("Name").fill("storefront");
  await form.getByRole("button", { name: "Create key" }).click();

  const issued = page.getByRole("dialog", { name: "Key for storefront" });
  const key = await issued.getByLabel("Virtual key", { exact: true }).inputValue();
  expect(key).toMatch(/^condt_[\w-]{32,}$/);
  await issued.getByRole("button", { name: "Copy the virtual key" }).click();
  expect(await clipboard(page)).toBe(key);
  for (const [language, sign] of [
    ["curl", "curl "],
    ["Python", "from openai import OpenAI"],
    ["Node", 'import OpenAI from "openai"'],
  ] as const) {
    await issued.getByRole("tab", { name: language }).click();
    await issued.getByRole("button", { name: `Copy the ${language} example` }).click();
    await expect.poll(() => clipboard(page)).toContain(sign);
    const example = await clipboard(page);
    expect(example).toContain(key);
    expect(example).toContain(`${url}/v1`);
  }
  await issued.getByRole("button", { name: "Done" }).click();
  await expect(issued).toBeHidden();
  await expectNotShown(page, key);
  await page.reload();
  await expect(rowOf(page, "storefront")).toContainText(key.slice(-4));
  await expectNotShown(page, key);
  return key;
}

function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

async function expectNotShown(page: Page, key: string): Promise<void> {
  await settled(page);
  expect(await page.content()).not.toContain(key);
  await expect(page.getByRole("textbox").and(page.locator(`[value="${key}"]`))).toHaveCount(0);
}

async function callWithClient(url: string, key: string): Promise<void> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Hello?" }];
  const whole = await client.chat.completions.create({ model, messages });
  expect(whole.choices[0]?.message.content).toBe(answer.whole);
  expect(whole.usage?.total_tokens).toBe(usage.input + usage.output);
  let text = "";
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
    text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe(answer.whole);
}

async function ask(page: Page, vendor: Vendor): Promise<void> {
  await page.getByRole("link", { name: "Playground" }).click();
  await choose(page, "Model", model);
  await choose(page, "Key", "storefront");
  const release = vendor.hold();
  await page.getByLabel("Message").fill("Hello?");
  await page.getByRole("button", { name: "Send" }).click();
  const conversation = page.getByRole("main").getByRole("list");
  await expect(conversation).toContainText(answer.beginning);
  await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
  await expect(conversation).not.toContainText(answer.end);
  release();
  await expect(conversation).toContainText(answer.whole);
  await expect(conversation).toContainText("1,200 in · 340 out");
  await expect(conversation).toContainText(cost);
}

async function choose(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).click();
  await page.getByRole("option", { name: value }).click();
}

async function readCall(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  const rows = rowOf(page, new RegExp(model));
  await expect(rows).toHaveCount(3);
  for (const row of await rows.all()) {
    await expect(row).toContainText("200");
    await expect(row).toContainText("storefront");
    await expect(row).toContainText("1,200 / 340");
    await expect(row).toContainText(cost);
  }
  await rows.first().click();
  const call = page.getByRole("dialog", { name: model });
  await expect(call).toContainText(/input1,200 at \$2\.50 \/ M\$0\.003/i);
  await expect(call).toContainText(/output340 at \$10\.00 \/ M\$0\.0034/i);
  await expect(call).toContainText(cost);
  await expect(fact(call, "Time to first token")).toHaveText(/^\d+ ms|^\d.*s$/);
  await expect(fact(call, "Duration")).toHaveText(/^\d+ ms|^\d.*s$/);
  await expect(fact(call, "Streamed")).toHaveText("yes");
  await expect(fact(call, "Provider")).toHaveText(provider);
  await call.getByRole("button", { name: "Close" }).click();
}

async function findAllDone(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Overview" }).click();
  await settled(page);
  await expect(page.getByText("Recent calls")).toBeVisible();
  await expect(page.getByRole("region", { name: "First steps" })).toHaveCount(0);
  await expect(page.getByRole("main")).toContainText(/Calls\s*3/);
}

/** The value beside a label. */
function fact(place: Locator, label: string): Locator {
  return place.getByRole("definition").and(place.locator(`dt:text-is("${label}") + dd`));
}
