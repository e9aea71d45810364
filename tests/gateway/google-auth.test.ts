import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authorize, withoutCredential } from "@/server/outbound/authorize";
import { fetchMetadata } from "@/server/outbound/google-metadata";
import type { UpstreamRequest } from "@/server/providers/provider";
import { Secret } from "@/server/secret";

const auth = { scheme: "google" } as const;
const allowed = { allowPrivateNetwork: true };
const request: UpstreamRequest = {
  method: "POST",
  url: "https://aiplatform.googleapis.com/v1/projects/{project}/locations/global/publishers/google/models/m:generateContent",
  headers: { "content-type": "application/json" },
};

/** Google's token endpoint and metadata service, played on a port. */
let server: Server;
let url = "";
let asked: { path: string; body: string; flavor: string | undefined }[] = [];
let answer: { status: number; body: object | string; headers?: Record<string, string> } = { status: 200, body: {} };
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let privateKey = "";

beforeAll(async () => {
  keys = await generateKeyPair("RS256", { extractable: true });
  privateKey = await exportPKCS8(keys.privateKey);
  server = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    incoming.on("end", () => {
      asked.push({ path: incoming.url ?? "", body, flavor: String(incoming.headers["metadata-flavor"]) });
      response.writeHead(answer.status, answer.headers);
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${portOf(server)}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
  answer = { status: 200, body: { access_token: "ya29.token", expires_in: 3600, token_type: "Bearer" } };
});

function portOf(one: Server): number {
  const address: AddressInfo | string | null = one.address();
  return typeof address === "object" && address ? address.port : 0;
}

let accounts = 0;

/** A service account that no test has used yet. */
function account(overrides: Record<string, unknown> = {}): Secret {
  return new Secret(
    JSON.stringify({
      ...{ type: "service_account", project_id: "proj-1", private_key_id: "kid-1", private_key: privateKey },
      ...{ client_email: `robot-${accounts++}@proj-1.iam.gserviceaccount.com`, token_uri: `${url}/token` },
      ...overrides,
    }),
  );
}

function denied(text: RegExp) {
  return expect.objectContaining({ kind: "upstream_denied", message: expect.stringMatching(text) });
}

/** Throws and rejections alike. */
async function authorized(credential: Secret, options = allowed, of = request): Promise<UpstreamRequest> {
  return authorize(of, auth, credential, options);
}

describe("a service account", () => {
  test("signs for a token, which goes on the request with the project", async () => {
    const made = await authorized(account());
    expect(made.headers).toEqual({ "content-type": "application/json", authorization: "Bearer ya29.token" });
    expect(made.url).toContain("/v1/projects/proj-1/locations/global/");
    const form = new URLSearchParams(asked[0]?.body);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const { payload, protectedHeader } = await jwtVerify(form.get("assertion") ?? "", keys.publicKey, {
      audience: `${url}/token`,
    });
    expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: "kid-1" });
    expect(payload).toMatchObject({
      iss: expect.stringMatching(/^robot-/),
      scope: "https://www.googleapis.com/auth/cloud-platform",
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  test("asks once for many calls at a time, and not again while the token is good", async () => {
    const credential = account();
    await Promise.all(Array.from({ length: 5 }, () => authorized(credential)));
    expect(asked).toHaveLength(1);
    expect(authorize(request, auth, credential, allowed)).not.toBeInstanceOf(Promise);
    expect(asked).toHaveLength(1);
  });

  test("renews a token that is about to end while the old one serves, and waits where it is too late", async () => {
    const credential = account();
    answer.body = { access_token: "old", expires_in: 120 };
    await authorized(credential);
    answer.body = { access_token: "new", expires_in: 3600 };
    expect((await authorized(credential)).headers.authorization).toBe("Bearer old");
    await expect.poll(async () => (await authorized(credential)).headers.authorization).toBe("Bearer new");
    const late = account();
    answer.body = { access_token: "ending", expires_in: 10 };
    await authorized(late);
    answer.body = { access_token: "fresh", expires_in: 3600 };
    expect((await authorized(late)).headers.authorization).toBe("Bearer fresh");
  });

  test("a failure is not remembered", async () => {
    const credential = account();
    answer = { status: 500, body: "no" };
    await expect(authorized(credential)).rejects.toMatchObject({ kind: "upstream_unavailable" });
    answer = { status: 200, body: { access_token: "after", expires_in: 3600 } };
    expect((await authorized(credential)).headers.authorization).toBe("Bearer after");
  });

  test.each([
    [{ status: 400, body: { error: "invalid_grant" } }, "upstream_denied"],
    [{ status: 401, body: {} }, "upstream_denied"],
    [{ status: 429, body: {} }, "upstream_unavailable"],
    [{ status: 200, body: "<html>" }, "upstream_unavailable"],
    [{ status: 200, body: { access_token: "" } }, "upstream_unavailable"],
  ])("an answer of %j is %s", async (given, kind) => {
    answer = given;
    await expect(authorized(account())).rejects.toMatchObject({ kind });
  });

  test("is of no use where it is broken", async () => {
    await expect(authorized(new Secret("{oops"))).rejects.toEqual(denied(/service account's JSON/));
    await expect(authorized(account({ type: "authorized_user" }))).rejects.toEqual(denied(/service account's JSON/));
    await expect(authorized(account({ private_key: "-----BEGIN" }))).rejects.toEqual(denied(/private key/));
    await expect(authorized(account({ project_id: undefined }))).rejects.toEqual(denied(/`project`/));
    expect(asked.filter(({ body }) => body.includes("assertion"))).toHaveLength(1);
  });

  test("its token_uri, and where its token goes, must be Google's unless the admin allows more", async () => {
    const strict = { allowPrivateNetwork: false };
    await expect(authorized(account(), strict)).rejects.toEqual(denied(/token_uri/));
    const elsewhere = { ...request, url: "https://googleapis.com.evil.example/v1/x" };
    await expect(authorized(account(), strict, elsewhere)).rejects.toEqual(denied(/addresses of Google's alone/));
    const plain = { ...request, url: "http://aiplatform.googleapis.com/v1/x" };
    await expect(authorized(account(), strict, plain)).rejects.toEqual(denied(/addresses of Google's alone/));
    expect(asked).toEqual([]);
  });

  test("nothing of it is told, whatever an upstream repeats", async () => {
    const credential = account();
    await authorized(credential);
    const text = withoutCredential(`Bad token ya29.token, signed with ${privateKey}`, credential);
    expect(text).toBe("Bad token [secret], signed with [secret]");
  });
});

describe("an API key", () => {
  test("goes in its header, and the project's part of the path goes", () => {
    expect(authorize(request, auth, new Secret("AQ.key"))).toEqual({
      method: "POST",
      url: "https://aiplatform.googleapis.com/v1/publishers/google/models/m:generateContent",
      headers: { "content-type": "application/json", "x-goog-api-key": "AQ.key" },
    });
  });

  test("a project that the admin set stays", () => {
    const own = { ...request, url: request.url.replace("{project}", "mine") };
    expect(authorize(own, auth, new Secret("AQ.key"))).toMatchObject({ url: own.url });
  });
});

describe("the metadata service", () => {
  const TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token";

  test("is asked with Google's header, and believed only with it", async () => {
    const port = portOf(server);
    answer = { status: 200, body: "proj-2", headers: { "Metadata-Flavor": "Google" } };
    expect(await fetchMetadata("/computeMetadata/v1/project/project-id", "127.0.0.1", port)).toBe("proj-2");
    expect(asked).toEqual([{ path: "/computeMetadata/v1/project/project-id", body: "", flavor: "Google" }]);
    answer = { status: 200, body: "proj-2" };
    await expect(fetchMetadata(TOKEN, "127.0.0.1", port)).rejects.toMatchObject({ kind: "upstream_unavailable" });
    answer = { status: 404, body: "", headers: { "Metadata-Flavor": "Google" } };
    await expect(fetchMetadata(TOKEN, "127.0.0.1", port)).rejects.toMatchObject({ kind: "upstream_denied" });
  });

  test("the machine's identity is not sent to addresses that are not Google's", async () => {
    const elsewhere = { ...request, url: "https://example.com/v1/x" };
    await expect(authorized(new Secret("metadata"), { allowPrivateNetwork: false }, elsewhere)).rejects.toEqual(
      denied(/addresses of Google's alone/),
    );
  });
});
