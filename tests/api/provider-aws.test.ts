import { AwsV4Signer } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { json, type Received, startUpstream, type Upstream } from "@/tests/support/upstream";

const api = testApi();
const keys = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

let vendor: Upstream;
beforeAll(async () => {
  vendor = await startUpstream();
  const modelSummaries = [{ modelId: "amazon.nova-lite-v1:0", inferenceTypesSupported: ["ON_DEMAND"] }];
  vendor.on("/both/foundation-models", json({ modelSummaries }));
  vendor.on("/both/inference-profiles", json({ inferenceProfileSummaries: [{ inferenceProfileId: "us.x" }] }));
  vendor.on("/one/foundation-models", json({ modelSummaries }));
  vendor.on("/one/inference-profiles", json({ message: "not authorized" }, { status: 403 }));
});
afterAll(() => vendor.stop());

function draft(path: string, apiKey: string) {
  return {
    name: "aws",
    type: "bedrock",
    baseUrl: `${vendor.url}${path}`,
    allowPrivateNetwork: true,
    keys: [{ name: "main", apiKey }],
  };
}

/** What an independent signer makes of the request as it came over the wire. */
async function signatureOf({ method, path, headers, body }: Received): Promise<string | null> {
  const signer = new AwsV4Signer({
    ...keys,
    method,
    url: `http://${headers.host}${path}`,
    headers: { "content-type": headers["content-type"] ?? "" },
    body: body.length > 0 ? body.toString() : null,
    service: "bedrock",
    region: "eu-west-1",
    datetime: String(headers["x-amz-date"]),
    allHeaders: true,
  });
  return (await signer.sign()).headers.get("authorization");
}

describe("a provider whose requests are signed", () => {
  test("gets signatures that hold for what is on the wire, and lists both of its lists", async () => {
    const apiKey = JSON.stringify({ ...keys, region: "eu-west-1" });
    const result = await api.as().providers.test({ draft: draft("/both", apiKey) });
    expect(result).toMatchObject({ ok: true, models: 2 });
    const seen = vendor.received.filter(({ path }) => path.startsWith("/both/"));
    expect(seen.map(({ path }) => path)).toEqual([
      "/both/foundation-models",
      "/both/inference-profiles?maxResults=1000",
    ]);
    for (const request of seen) expect(request.headers.authorization).toBe(await signatureOf(request));
    expect(JSON.stringify(seen.map(({ headers }) => headers))).not.toContain(keys.secretAccessKey);
  });

  test("is well without its second list, and takes an API key as a bearer token", async () => {
    const result = await api.as().providers.test({ draft: draft("/one", "ABSKexample") });
    expect(result).toMatchObject({ ok: true, models: 1 });
    expect(vendor.last().headers.authorization).toBe("Bearer ABSKexample");
  });
});
