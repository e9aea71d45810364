import { type BrowserContext, test as base, expect, type Locator, type Page } from "@playwright/test";
import { type Furniture, furnish } from "@/tests/e2e/admin-api";
import { type App, startApp } from "@/tests/e2e/app";
import { startVendor, type Vendor } from "@/tests/e2e/vendor";

/** What went wrong in the browser that nobody clicked on: console errors, uncaught errors, failed requests. */
export type Problems = {
  /** Takes problems that match as part of the test, which then fails when there is none. */
  expect(pattern: RegExp): void;
};

type TestFixtures = {
  problems: Problems;
  /** Keeps what the app wrote during a test that failed. */
  logged: undefined;
};
type WorkerFixtures = {
  /** Files that name another one get an app of their own. */
  installation: string;
  vendor: Vendor;
  app: App;
  /** Set up before the first test that asks for it. */
  furniture: Furniture;
  /** The cookies of someone who has signed in. */
  session: Awaited<ReturnType<BrowserContext["storageState"]>>;
};

/** Playwright's test with an app and a vendor that live as long as the worker. The visitor is signed in. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  installation: ["shared", { scope: "worker", option: true }],
  vendor: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern.
    async ({}, use) => {
      const vendor = await startVendor();
      await use(vendor);
      await vendor.stop();
    },
    { scope: "worker" },
  ],
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: as above.
    async ({}, use) => {
      const app = await startApp();
      await use(app);
      await app.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  furniture: [async ({ app, vendor }, use) => use(await furnish(app, vendor)), { scope: "worker" }],
  session: [
    async ({ app, browser }, use) => {
      const page = await browser.newPage({ baseURL: app.url });
      await signIn(page, app.adminPassword);
      const state = await page.context().storageState();
      await page.close();
      await use(state);
    },
    { scope: "worker", timeout: 30_000 },
  ],
  baseURL: ({ app }, use) => use(app.url),
  storageState: ({ session }, use) => use(session),
  logged: [
    async ({ app }, use, testInfo) => {
      const before = app.output().length;
      await use(undefined);
      if (testInfo.status !== testInfo.expectedStatus)
        await testInfo.attach("app.log", { body: app.output().slice(before), contentType: "text/plain" });
    },
    { auto: true },
  ],
  problems: [
    async ({ context }, use) => {
      const { problems, unexpected, missing } = watch(context);
      await use(problems);
      expect(unexpected(), "console errors and failed requests").toEqual([]);
      expect(missing(), "problems that the test expected").toEqual([]);
    },
    { auto: true },
  ],
});

/** For `test.use`: a visitor who has not signed in. */
export const signedOut = { storageState: { cookies: [], origins: [] } };

function watch(context: BrowserContext) {
  const seen: string[] = [];
  const expected: RegExp[] = [];
  context.on("console", (message) => message.type() === "error" && seen.push(`console: ${message.text()}`));
  context.on("weberror", (error) => seen.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // What a page no longer needs when it is left.
    if (reason !== "net::ERR_ABORTED") seen.push(`${request.method()} ${request.url()}: ${reason}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) seen.push(`${response.request().method()} ${response.url()}: ${response.status()}`);
  });
  return {
    problems: { expect: (pattern: RegExp) => void expected.push(pattern) },
    unexpected: () => seen.filter((text) => !expected.some((pattern) => pattern.test(text))),
    missing: () => expected.filter((pattern) => !seen.some((text) => pattern.test(text))).map(String),
  };
}

/** Signs in and waits for the overview. */
export async function signIn(page: Page, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

/** Opens a page of the dashboard and waits until what it asked for is there. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  // By its tag: beside an open dialog it has no role for assistive technology.
  await expect(page.locator("main")).toBeVisible();
  await settled(page);
}

/** Waits until nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator("[aria-busy=true], .animate-pulse")).toHaveCount(0);
}

/** Presses Tab until the target has the focus; throws when it is not reached in a round of the page. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The Tab key does not lead to ${target}.`);
}

/** The row of a table that has this text in one of its cells. */
export function rowOf(page: Page, text: string | RegExp): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("cell", { name: text }) });
}
