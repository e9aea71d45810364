import { describe, expect, test } from "vitest";
import { chatRequest, configFor, useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";

const hosts = [
  "127.0.0.1",
  "localhost",
  "127.1",
  "0x7f000001",
  "2130706433",
  "0.0.0.0",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::]",
];
const metadata = ["169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"];

/** A provider and a model for each address. */
function withHosts(upstreamUrl: string) {
  const config = configFor(upstreamUrl);
  const { port } = new URL(upstreamUrl);
  const entries = [
    ...hosts.map((host) => ({ host: `${host}:${port}`, allowPrivateNetwork: false })),
    ...metadata.map((host) => ({ host, allowPrivateNetwork: true })),
  ];
  const providers = entries.map(({ host, allowPrivateNetwork }, index) => ({
    name: `private-${index}`,
    type: "openai-compatible",
    baseUrl: `http://${host}/v1`,
    allowPrivateNetwork,
    keys: [{ name: "main", apiKey: "sk-operator-private-1234" }],
  }));
  const models = providers.map(({ name }) => ({ name, deployments: [{ provider: name, model: "m" }] }));
  return { ...config, providers: [...config.providers, ...providers], models: [...config.models, ...models] };
}

describe.each(mounts)("%s mount: a provider reaches the internal network only when an admin allows it", (mount) => {
  const gate = useGateway(mount, { config: withHosts });

  test.each([...hosts, ...metadata].map((host, index) => [host, `private-${index}`]))(
    "%s: refused, and no connection is made",
    async (_host, model) => {
      const seen = gate().upstream.received.length;
      const begun = performance.now();
      const answer = await gate().chat(chatRequest(model));
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ error: { type: "api_error", code: "upstream_denied" } });
      expect(performance.now() - begun).toBeLessThan(1_000);
      expect(gate().upstream.received.length).toBe(seen);
    },
  );

  test("an allowed one is reached", async () => {
    expect((await gate().chat(chatRequest("plain"))).status).toBe(200);
  });
});
