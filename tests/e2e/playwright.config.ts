import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { chromiumPath } from "@/tests/e2e/require-chromium";

const root = join(import.meta.dirname, "../..");

export default defineConfig({
  testDir: ".",
  // With SCREENSHOTS=1 the README's pictures are taken anew instead.
  testMatch: process.env.SCREENSHOTS ? "*.screenshots.ts" : "*.test.ts",
  outputDir: join(root, "test-results"),
  globalSetup: "./require-chromium.ts",
  // Every worker has an app with a database of its own, and two cores are all that CI has.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    timezoneId: "UTC",
    // Decoration would only be something to wait for.
    reducedMotion: "reduce",
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: chromiumPath,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
