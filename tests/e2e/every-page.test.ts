import { expect, type Page } from "@playwright/test";
import { nav } from "@/components/nav";
import type { Furniture } from "@/tests/e2e/admin-api";
import { settled, test, visit } from "@/tests/e2e/test";

type Place = { name: string; path(furniture: Furniture): string };

/** Every page, and the dialogs that an address can open. The console and the network are watched in every test. */
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
  { name: "Budgets of a key", path: ({ key }) => `/keys?budgets=${key.id}` },
  { name: "Create a group", path: () => "/keys?tab=groups&newgroup=1" },
  { name: "Import prices", path: () => "/prices?import=1" },
  { name: "Add a routing rule", path: () => "/routing?newrule=1" },
  { name: "Delete a key", path: ({ key }) => `/keys?delete=${key.id}` },
];

const phone = { width: 375, height: 740 };

test.beforeAll(async ({ app, furniture }) => {
  // Lists must not be empty.
  for (const model of furniture.models) {
    const answer = await fetch(`${app.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${furniture.key.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello?" }] }),
    });
    expect(answer.status).toBe(200);
  }
});

for (const { name, path } of places) {
  test(`${name}: every control has a name, dark is dark from the first frame on, a phone is wide enough`, async ({
    page,
    furniture,
  }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.addInitScript(watchBackground);
    const address = path(furniture);
    await visit(page, address);
    await expect(page.locator("[role=dialog], [role=alertdialog]")).toHaveCount(address.includes("?") ? 1 : 0);
    await settled(page);
    expect(await namelessControls(page)).toEqual([]);
    expect(await brightFrames(page)).toEqual([]);
    expect(await brightSurfaces(page)).toEqual([]);
    await page.setViewportSize(phone);
    await settled(page);
    await expect.poll(() => tooWide(page)).toEqual([]);
  });
}

test("a call in detail: named, narrow and dark", async ({ page, furniture }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.addInitScript(watchBackground);
  await visit(page, "/calls");
  await page.getByRole("row").filter({ hasText: furniture.model }).first().click();
  await expect(page.getByRole("dialog", { name: furniture.model })).toBeVisible();
  await settled(page);
  expect(await namelessControls(page)).toEqual([]);
  expect(await brightSurfaces(page)).toEqual([]);
  await page.setViewportSize(phone);
  await expect.poll(() => tooWide(page)).toEqual([]);
});

test("the phone's navigation leads to every page", async ({ page }) => {
  await page.setViewportSize(phone);
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
  expect(await brightFrames(page)).not.toEqual([]);
  await page.getByRole("button", { name: "Theme: System" }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await page.reload();
  await settled(page);
  expect(await brightFrames(page)).toEqual([]);
  expect(await brightSurfaces(page)).toEqual([]);
});

test("these checks can fail", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.addInitScript(watchBackground);
  await page.setViewportSize(phone);
  await visit(page, "/overview");
  await page.locator("main").evaluate((main) => {
    const wide = document.createElement("p");
    wide.style.width = "600px";
    wide.textContent = "Wide";
    main.append(document.createElement("button"), wide);
  });
  expect(await namelessControls(page)).toEqual(["- button"]);
  expect(await tooWide(page)).not.toEqual([]);
  expect(await brightFrames(page)).not.toEqual([]);
  expect(await brightSurfaces(page)).not.toEqual([]);
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

/** Runs in the page before anything else: keeps the background of every frame, and a way to tell how bright a colour is. */
function watchBackground(): void {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Set<string>();
  /** Between 0 and 255, for what is hardly to be seen 0. */
  const brightness = (colour: string): number => {
    if (!canvas) return Number.NaN;
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return alpha < 64 ? 0 : (red + green + blue) / 3;
  };
  const note = () => {
    if (document.body) colours.add(getComputedStyle(document.body).backgroundColor);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
  Object.assign(window, { look: { colours, brightness } });
}

/** What `watchBackground` leaves in the page. */
type Look = { colours: Set<string>; brightness(colour: string): number };
declare global {
  interface Window {
    look: Look;
  }
}

/** The page's backgrounds since it began that were brighter than a dark theme is. */
function brightFrames(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    if (window.look.colours.size === 0) throw new Error("No frame was seen.");
    return [...window.look.colours].filter((colour) => !(window.look.brightness(colour) < 64));
  });
}

/** Visible things of some size whose background is brighter than a dark theme's. */
function brightSurfaces(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("body, body *")].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      const background = getComputedStyle(element).backgroundColor;
      if (width * height < 20_000 || window.look.brightness(background) < 96) return [];
      return [`${element.tagName.toLowerCase()}.${element.className}: ${background}`];
    }),
  );
}
