import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { refused, testApi } from "@/tests/api/support";
import { startUpstream, type Upstream } from "@/tests/support/upstream";

const api = testApi();
let receiver: Upstream;
let status = 204;

beforeAll(async () => {
  receiver = await startUpstream();
  receiver.on("/hook", (_request, response) => void response.writeHead(status).end());
});
afterAll(() => receiver.stop());
beforeEach(async () => {
  status = 204;
  await api.sql.query("DELETE FROM webhook");
});

const create = (more: object = {}) =>
  api.as().webhooks.create({ name: "ops", url: `${receiver.url}/hook`, allowPrivateNetwork: true, ...more });

async function tell(title: string, kind = "budget") {
  const { notify } = await import("@/server/state/notifications");
  const { sendDue } = await import("@/server/jobs/webhooks");
  await notify({ kind, severity: "warning", title, detail: { percent: 90 } });
  await sendDue();
}

/** Deliveries of the messages with this title. */
const received = (title: string) =>
  receiver.received.filter(({ body }) => JSON.parse(body.toString()).data.title === title);

test("a notification is sent once, with a signature that its receiver can check", async () => {
  const { secret } = await create();
  await tell("signed");
  await expect.poll(() => received("signed").length).toBe(1);
  const [{ headers, body } = expect.fail("Nothing came.")] = received("signed");
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(text).digest("base64")}`);
  expect(JSON.parse(body.toString())).toMatchObject({
    type: "budget",
    data: { id: headers["webhook-id"], severity: "warning", title: "signed", detail: { percent: 90 } },
  });
  expect(await api.as().webhooks.list()).toMatchObject([
    { last: { attempts: 1, status: 204, error: null, nextAt: null } },
  ]);
});

test("a receiver that fails is tried again later, with the same id", async () => {
  await create();
  status = 500;
  await tell("again");
  await expect.poll(async () => (await api.as().webhooks.list())[0]?.last?.status).toBe(500);
  const [first] = await api.as().webhooks.list();
  expect(first?.last?.nextAt?.getTime()).toBeGreaterThan(Date.now());
  status = 200;
  await api.sql.query("UPDATE webhook_delivery SET next_at = now()");
  const { sendDue } = await import("@/server/jobs/webhooks");
  await sendDue();
  await expect.poll(() => received("again").length).toBe(2);
  expect(new Set(received("again").map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  await expect.poll(async () => (await api.as().webhooks.list())[0]?.last?.status).toBe(200);
});

test("after the last attempt there is no other", async () => {
  await create({ url: `${receiver.url}/nothing` });
  await tell("hopeless");
  await api.sql.query("UPDATE webhook_delivery SET next_at = now(), attempts = 8");
  const { sendDue } = await import("@/server/jobs/webhooks");
  await sendDue();
  await expect
    .poll(async () => (await api.as().webhooks.list())[0]?.last)
    .toMatchObject({ attempts: 9, status: 404, nextAt: null, at: null });
});

test("only the kinds that it wants are sent, and nothing while it is switched off", async () => {
  await create({ kinds: ["unpriced"] });
  await create({ name: "off", enabled: false });
  await tell("unwanted");
  await tell("wanted", "unpriced");
  await expect.poll(() => received("wanted").length).toBe(1);
  expect(received("unwanted")).toEqual([]);
});

test("an address of a private network is refused unless it is allowed", async () => {
  await refused(create({ allowPrivateNetwork: false }), "BAD_REQUEST", "url");
  await refused(create({ url: "http://169.254.169.254/latest" }), "BAD_REQUEST", "url");
  await refused(create({ url: "ftp://example.com" }), "BAD_REQUEST", "url");
});

test("its secret is shown once, and in no list, entry or row", async () => {
  const secret = "a-secret-of-the-webhook-tests";
  const { id } = await create({ secret });
  expect(await api.as().webhooks.test({ id })).toEqual({ ok: true, status: 204, error: null });
  await api.as().webhooks.update({ id, name: "renamed" });
  const { rows } = await api.sql.query("SELECT * FROM webhook");
  const shown = JSON.stringify([await api.as().webhooks.list(), await api.audit("webhook"), rows]);
  expect(shown).toContain("renamed");
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain(Buffer.from(secret).toString("base64"));
});
