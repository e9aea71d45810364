import { expect, type Page } from "@playwright/test";
import { nav } from "@/components/nav";
import { admin, type Furniture } from "@/tests/e2e/admin-api";
import { settled, test, visit } from "@/tests/e2e/test";

type Place = { name: string; path(furniture: Furniture): string };

/** Every page, and the dialogs that the address can open. The console and the network are watched in every test. */
const places: readonly Place[] = [
  ...nav.map(({ label, href }) => ({ name: label, path: () => href })),
  { name: "Add a provider", path: () => "/providers?new=1" },
  { name: "Edit a provider", path: ({ providerId }) => `/providers?edit=${providerId}` },
  { name: "Pick models", path: ({ providerId }) => `/providers?pick=${providerId}` },
  { name: "Keys of a provider", path: ({ providerId }) => `/providers?keys=${providerId}` },
  { name: "Test a provider", path: ({ providerId }) => `/providers?test=${providerId}` },
  { name: "Create a model", path: () => "/models?new=1" },
  { name: "A model", path: ({ modelId }) => `/models?model=${modelId}` },
  { name: "Create a key", path: () => "/keys?new=1" },
  { name: "Edit a key", path: ({ key }) => `/keys?edit=${key.id}` },
  { name: "Delete a key", path: ({ key }) => `/keys?delete=${key.id}` },
];

test.beforeAll(async ({ app, furniture }) => {
  // A call, so that lists are not empty.
  await admin(app, "GET", "/overview?range=1h");
  const answer = await fetch(`${app.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${furniture.key.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: furniture.model, messages: [{ role: "user", content: "Hello?" }] }),
  });
  expect(answer.status).toBe(200);
});

for (const { name, path } of places) {
  test(`${name}: every control has a name`, async ({ page, furniture }) => {
    await visit(page, path(furniture));
    expect(await namelessControls(page)).toEqual([]);
  });

  test(`${name}: nothing scrolls sideways on a phone`, async ({ page, furniture }) => {
    await page.setViewportSize({ width: 375, height: 740 });
    await visit(page, path(furniture));
    expect(await tooWide(page)).toEqual([]);
  });

  test(`${name}: dark from the first frame on`, async ({ page, furniture }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.addInitScript(watchBackground);
    await visit(page, path(furniture));
    expect(await brightFrames(page)).toEqual({ bright: [], seen: expect.any(Number) });
    expect(await brightSurfaces(page)).toEqual([]);
  });
}

test("a call in detail: named, narrow and dark", async ({ page, furniture }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await visit(page, "/calls");
  await page.getByRole("row").filter({ hasText: furniture.model }).first().click();
  await expect(page.getByRole("dialog", { name: furniture.model })).toBeVisible();
  await settled(page);
  expect(await namelessControls(page)).toEqual([]);
  expect(await brightSurfaces(page)).toEqual([]);
  await page.setViewportSize({ width: 375, height: 740 });
  expect(await tooWide(page)).toEqual([]);
});

test("the phone's navigation leads to every page", async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  await visit(page, "/overview");
  for (const { label, href } of nav) {
    await page.getByRole("button", { name: "Open navigation" }).click();
    await page.getByRole("dialog").getByRole("link", { name: label }).click();
    await expect(page).toHaveURL(new RegExp(`${href}$`));
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("heading", { name: label, level: 1 })).toBeVisible();
  }
});

test("a chosen theme outlives a reload and beats the system's", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.addInitScript(watchBackground);
  await visit(page, "/overview");
  expect((await brightFrames(page)).bright).not.toEqual([]);
  await page.getByRole("button", { name: "Theme: System" }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await page.reload();
  await settled(page);
  expect((await brightFrames(page)).bright).toEqual([]);
  expect(await brightSurfaces(page)).toEqual([]);
});

const controls = "button|link|textbox|searchbox|combobox|checkbox|switch|radio|tab|menuitem|option|spinbutton|slider";

/** The lines of the accessibility tree with a control that a screen reader could not name. */
async function namelessControls(page: Page): Promise<string[]> {
  const lines = (await page.locator("body").ariaSnapshot()).split("\n").map((line) => line.trim());
  const found = lines.filter((line) => new RegExp(`^- '?(${controls})\\b`).test(line));
  expect(found.length).toBeGreaterThan(1);
  return found.filter((line) => !new RegExp(`^- '?(${controls}) "[^"]`).test(line));
}

/** What is wider than its place: the page, a dialog, or a list. Code may scroll in its own box. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const boxes = [document.documentElement, ...document.body.querySelectorAll("*:not(pre, pre *, textarea, input)")];
    return boxes
      .filter((box) => {
        const style = getComputedStyle(box);
        const clips = style.overflowX === "hidden" || style.overflowX === "clip";
        const inline = style.display === "inline";
        return !clips && !inline && box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1;
      })
      .map((box) => `${box.tagName.toLowerCase()}.${box.className}: ${box.scrollWidth} > ${box.clientWidth}`);
  });
}

/** Runs in the page before anything else: notes the background of every frame. */
function watchBackground(): void {
  const frames: string[] = [];
  Object.assign(window, { backgroundFrames: frames });
  const note = () => {
    if (document.body) frames.push(getComputedStyle(document.body).backgroundColor);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}

/** The frames since the page began that were brighter than a dark theme is. */
function brightFrames(page: Page): Promise<{ bright: string[]; seen: number }> {
  return page.evaluate(() => {
    const frames: string[] = Reflect.get(window, "backgroundFrames");
    const lightness = (colour: string) => Number(/oklch\(([\d.]+)/.exec(colour)?.[1] ?? Number.NaN);
    return { bright: frames.filter((colour) => !(lightness(colour) < 0.4)), seen: frames.length };
  });
}

/** Visible things of some size whose background is brighter than a dark theme's. */
function brightSurfaces(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("body, body *")].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      const background = getComputedStyle(element).backgroundColor;
      const match = /oklch\(([\d.]+) [\d.]+ [\d.]+(?: \/ ([\d.]+))?\)/.exec(background);
      const isTransparent = background === "rgba(0, 0, 0, 0)" || (match?.[2] !== undefined && Number(match[2]) < 0.3);
      const isDark = match !== null && Number(match[1]) < 0.4;
      if (width * height < 20_000 || isTransparent || isDark) return [];
      return [`${element.tagName.toLowerCase()}.${element.className}: ${background}`];
    }),
  );
}
