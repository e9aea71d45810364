import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environment, plays, providerAt, received } from "@/tests/failover/setting";
import { faulty, healthy, refusal } from "@/tests/failover/vendor";
import { credentials, useGateway } from "@/tests/support/fixture";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";
import { json, type Scenario } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
const NAMES = ["first", "second", "third", "small", "large", "spare"];
const down = refusal(503, "Down.");

const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;

/** By key: what it is limited to with single models. */
const limited = {
  "narrow-key": { second: { rpm: 1_000 } },
  "window-key": { large: { rpm: 1 } },
  "named-key": { first: { rpm: 1 } },
  "facts-key": { first: { rpm: 100 }, spare: { rpm: 1 } },
  "rescue-key": { second: { rpm: 1 } },
  "kind-key": { words: { rpm: 1 } },
};

function config(upstreamUrl: string) {
  return {
    providers: [
      ...NAMES.map((name) => providerAt(upstreamUrl, name)),
      providerAt(upstreamUrl, "words", { type: "anthropic", keys: [{ name: "main", apiKey: credentials.plain }] }),
    ],
    models: [...NAMES, "words"].map((name) => ({
      name,
      ...(name === "first" && { fallbacks: ["spare", "third"] }),
      ...(name === "small" && { fallbacksOnContext: ["large"] }),
      deployments: [
        {
          provider: name,
          model: `${name}-model`,
          price,
          ...(name === "second" && { limits: { concurrent: 1 } }),
          ...(name === "small" && { contextWindow: 60 }),
        },
      ],
    })),
    virtualKeys: Object.entries(limited).map(([name, models]) => ({
      name,
      key: secretOf(name),
      models: ["*"],
      modelLimits: Object.entries(models).map(([model, limits]) => ({ model, ...limits })),
    })),
  };
}

const counts = noRedis() ? ["in the process"] : ["in the process", "in Redis"];

describe.each(counts)(
  "limits of a key for single models, counted %s, while a call goes from one to the other",
  (count) => {
    const env: Record<string, string> = { ...environment, CONDUIT_BREAKERS: "off", CONDUIT_RETRIES: "0" };
    if (count === "in Redis") {
      let redis: TestRedis | undefined;
      beforeAll(async () => {
        redis = await startTestRedis();
        env.REDIS_URL = redis.url;
      });
      afterAll(() => redis?.stop());
    }
    const gate = useGateway("server", { env, config });
    const ask = (key: keyof typeof limited, names: object, content = "Count.") =>
      gate().chat({ ...names, max_tokens: 10, messages: [{ role: "user", content }] }, { key: secretOf(key) });
    const served = async (...asked: Parameters<typeof ask>) => {
      const answer = await ask(...asked);
      await answer.arrayBuffer();
      return answer.status === 200 ? answer.headers.get("x-conduit-provider") : answer.status;
    };
    const play = (scenarios: Readonly<Record<string, Scenario>>): void => {
      for (const name of NAMES) plays(gate(), name, scenarios[name] ?? healthy);
    };

    test("a deployment's own limit holds for calls that had to ask for their limits first", async () => {
      let [atOnce, most] = [0, 0];
      const counting: Scenario = async (request, response) => {
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => setTimeout(resolve, 100));
        atOnce--;
        return healthy(request, response);
      };
      play({ first: down, second: counting });
      const models = ["first", "second", "third"];
      const who = await Promise.all(Array.from({ length: 6 }, () => served("narrow-key", { models })));
      expect(new Set(who)).toEqual(new Set(["second", "third"]));
      expect(most).toBe(1);
    });

    test("a fallback for prompts that are too long comes under its own limit, also where it is asked at once", async () => {
      play({});
      const long = "word ".repeat(200);
      expect(await served("window-key", { model: "small" }, long)).toBe("large");
      expect(await served("window-key", { model: "small" }, long)).toBe(429);
      expect(await served("window-key", { model: "small" })).toBe("small");
    });

    test("in a list, too, a fallback counts as the model that it stands in for", async () => {
      play({ first: down, second: down });
      const models = ["first", "second"];
      expect(await served("named-key", { models })).toBe("spare");
      expect(await served("named-key", { models })).toBe(502);
      expect(await served("named-key", { model: "first" })).toBe(429);
    });

    test("a model that does not do what is asked has nothing taken of its limit", async () => {
      gate().upstream.on(
        "/first/embeddings",
        json({
          object: "list",
          data: [{ object: "embedding", index: 0, embedding: [1] }],
          usage: { prompt_tokens: 1 },
        }),
      );
      const body = { models: ["words", "first"], input: "Hello." };
      for (let times = 0; times < 2; times++) {
        const answer = await gate().post("/v1/embeddings", body, { key: secretOf("kind-key") });
        expect([answer.status, answer.headers.get("x-conduit-provider")]).toEqual([200, "first"]);
      }
    });

    test("an answer tells how the limits of who served stand, not those of who was passed over", async () => {
      play({ first: down });
      expect(await served("facts-key", { model: "spare" })).toBe("spare");
      const answer = await ask("facts-key", { model: "first" });
      await answer.arrayBuffer();
      expect(answer.headers.get("x-conduit-provider")).toBe("third");
      expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("100");
      expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("99");
    });

    test("of a stream that goes on elsewhere only those who wrote of it are counted", async () => {
      play({ first: faulty({ after: 20, how: "cut" }), second: down });
      const stream = await ask("rescue-key", { models: ["first", "second", "third"], stream: true });
      expect(await stream.text()).toContain("[DONE]");
      expect(received(gate(), "second").length).toBeGreaterThan(0);
      play({});
      await expect.poll(() => served("rescue-key", { model: "second" })).toBe("second");
      expect(await served("rescue-key", { model: "second" })).toBe(429);
    });
  },
);
