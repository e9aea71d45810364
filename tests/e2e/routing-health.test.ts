import { expect } from "@playwright/test";
import { z } from "zod";
import { admin } from "@/tests/e2e/admin-api";
import { rowOf, settled, test, visit } from "@/tests/e2e/test";
import { json, type Scenario, startUpstream } from "@/tests/support/upstream";

test.use({ installation: "routing health" });

const caller = "condt_health_0123456789abcdefghijklmnopqrstuv";

const Providers = z.array(z.looseObject({ id: z.string(), name: z.string() }));

function declared(upstreamUrl: string) {
  const provider = (name: string) => ({
    ...{ name, type: "openai-compatible", baseUrl: `${upstreamUrl}/${name}`, allowPrivateNetwork: true },
    keys: [{ name: `key-of-${name}`, apiKey: "sk-operator-0123456789" }],
  });
  const model = (name: string, of: string) => ({ name, deployments: [{ provider: of, model: `upstream-${name}` }] });
  return {
    providers: [provider("bars"), provider("limits")],
    models: [model("barred", "bars"), model("limited", "limits")],
    virtualKeys: [{ name: "caller", key: caller, models: ["*"] }],
  };
}

function failing(status: number, message: string, headers = {}): Scenario {
  return json({ error: { message } }, { status, headers });
}

test("keys that fail with one model are seen where keys are, and put back", async ({ page, app }) => {
  const upstream = await startUpstream();
  upstream.on("/bars/chat/completions", failing(403, "No access to this model."));
  upstream.on("/limits/chat/completions", failing(429, "Slow down.", { "retry-after": "600" }));
  app.configure(declared(upstream.url));
  const ask = async (model: string): Promise<number> => {
    const answer = await fetch(`${app.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${caller}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello?" }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  await expect.poll(() => ask("barred"), { timeout: 15_000 }).toBe(502);
  expect(await ask("limited")).toBe(429);

  await visit(page, "/routing?tab=health");
  const barred = rowOf(page, /key-of-bars.*for barred/);
  const limited = rowOf(page, /key-of-limits.*for limited/);
  await expect(barred).toContainText("out: The upstream provider refused");
  await expect(limited).toContainText(/limited, tried again in \d+ min/);
  await limited.getByRole("button", { name: "Put key-of-limits back into service" }).click();
  await expect(limited).toHaveCount(0);

  const providers = Providers.parse(await admin(app, "GET", "/providers"));
  await visit(page, `/providers?keys=${providers.find(({ name }) => name === "bars")?.id}`);
  await settled(page);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Out of service for barred: The upstream provider refused");
  await dialog.getByRole("button", { name: "Put key key-of-bars back into service" }).click();
  await expect(dialog).not.toContainText("Out of service");
  await upstream.stop();
});
