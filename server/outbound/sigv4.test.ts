import { AwsV4Signer } from "aws4fetch";
import { describe, expect, test } from "vitest";
import { authorize, withoutCredential } from "@/server/outbound/authorize";
import { awsKeys, regionOf, signed } from "@/server/outbound/sigv4";
import type { UpstreamRequest } from "@/server/providers/provider";
import { Secret } from "@/server/secret";

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const now = new Date("2015-08-30T12:36:00Z");

const SESSION_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7" +
  "mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d" +
  "+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
/** AWS's own test suite for Signature Version 4: a request, and the signature that it must get. */
type Vector = { name: string; method: "GET" | "POST"; path: string; signature: string; sessionToken?: string };
const vectors: Vector[] = [
  {
    name: "get-vanilla",
    method: "GET",
    path: "/",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    name: "post-vanilla",
    method: "POST",
    path: "/",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "get-vanilla-query-order-key-case",
    method: "GET",
    path: "/?Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  },
  {
    name: "post-sts-header-before",
    method: "POST",
    path: "/",
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    sessionToken: SESSION_TOKEN,
  },
];

describe("a signature", () => {
  test.each(vectors)("is that of AWS's test suite: $name", ({ method, path, signature, sessionToken }) => {
    const request: UpstreamRequest = { method, url: `https://example.amazonaws.com${path}`, headers: {} };
    const { headers } = signed(request, { keys: { ...keys, sessionToken }, service: "service", now });
    const names = sessionToken ? "host;x-amz-date;x-amz-security-token" : "host;x-amz-date";
    expect(headers.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    );
    expect(headers["x-amz-date"]).toBe("20150830T123600Z");
    expect(headers["x-amz-security-token"]).toBe(sessionToken);
  });

  test.each([
    ["a model's name", "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"],
    [
      "an ARN",
      `/model/${encodeURIComponent("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0")}/converse-stream`,
    ],
    ["marks that encodeURIComponent leaves", "/endpoints/a!b'c(d)e*f/invocations"],
    ["a query", "/inference-profiles?typeEquals=SYSTEM_DEFINED&maxResults=1000"],
  ])("is that of aws4fetch for %s", async (_name, path) => {
    const url = `https://bedrock-runtime.eu-west-1.amazonaws.com${path}`;
    const body = JSON.stringify({ text: "Grüße" });
    const request: UpstreamRequest = { method: "POST", url, body, headers: { "Content-Type": "application/json" } };
    const peer = new AwsV4Signer({
      ...keys,
      method: "POST",
      url,
      body,
      headers: { "content-type": "application/json" },
      service: "bedrock",
      region: "eu-west-1",
      datetime: "20150830T123600Z",
      allHeaders: true,
    });
    const theirs = (await peer.sign()).headers.get("authorization");
    expect(signed(request, { keys, service: "bedrock", now }).headers.authorization).toBe(theirs);
  });

  test("names the address's region, else the credential's", () => {
    const scope = (host: string, region?: string) =>
      signed(
        { method: "GET", url: `https://${host}/`, headers: {} },
        { keys: { ...keys, region }, service: "s", now },
      ).headers.authorization?.split("/")[2];
    expect(scope("bedrock-runtime.eu-west-1.amazonaws.com", "us-west-2")).toBe("eu-west-1");
    expect(scope("bedrock.internal.example", "us-west-2")).toBe("us-west-2");
    expect(scope("127.0.0.1:8080")).toBe("us-east-1");
  });
});

test.each([
  ["bedrock-runtime.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
  ["vpce-1.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"],
  ["runtime.sagemaker.cn-north-1.amazonaws.com.cn", "cn-north-1"],
  ["bedrock-runtime-fips.us-east-1.amazonaws.com", "us-east-1"],
  ["llm.example.com", undefined],
])("the region of %s", (host, region) => {
  expect(regionOf(host)).toBe(region);
});

test.each([
  ['{"accessKeyId":"AKIA1","secretAccessKey":"s"}', { accessKeyId: "AKIA1", secretAccessKey: "s" }],
  [
    ' {"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t","region":"eu-west-1"}',
    { accessKeyId: "ASIA1", secretAccessKey: "s", sessionToken: "t", region: "eu-west-1" },
  ],
  ["AKIA1:se/cr+et", { accessKeyId: "AKIA1", secretAccessKey: "se/cr+et" }],
  ["ASIA1:secret:token==", { accessKeyId: "ASIA1", secretAccessKey: "secret", sessionToken: "token==" }],
  ['{"accessKeyId":"AKIA1"}', undefined],
  ["{", undefined],
  ["ABSKQmVkcm9ja0FQSUtleQ==", undefined],
  ["AKIA1", undefined],
])("the keys in %s", (text, expected) => {
  const found = awsKeys(text);
  expect(found && JSON.parse(JSON.stringify(found))).toEqual(expected);
});

describe("authorisation at AWS", () => {
  const request: UpstreamRequest = {
    method: "POST",
    url: "https://bedrock-runtime.us-east-1.amazonaws.com/",
    headers: {},
  };
  const auth = { scheme: "sigv4", service: "bedrock" } as const;

  test("signs with keys, and sends anything else as a bearer token", async () => {
    const made = (await authorize(request, auth, new Secret("AKIA1:secret"))).headers;
    expect(made.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIA1\/\d{8}\/us-east-1\/bedrock\/aws4_request, /);
    expect(Math.abs(Date.parse(isoOf(made["x-amz-date"])) - Date.now())).toBeLessThan(60_000);
    expect((await authorize(request, auth, new Secret("ABSKkey"))).headers).toEqual({
      authorization: "Bearer ABSKkey",
    });
  });

  test("what an upstream repeats of the secrets is blacked out", () => {
    const text = "Signed with wJal/secret and the token FwoG/token, not with AKIA1.";
    const credential = new Secret(
      '{"accessKeyId":"AKIA1","secretAccessKey":"wJal/secret","sessionToken":"FwoG/token"}',
    );
    expect(withoutCredential(text, credential)).toBe("Signed with [secret] and the token [secret], not with AKIA1.");
  });
});

function isoOf(time = ""): string {
  return time.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)/, "$1-$2-$3:$4:$5");
}
