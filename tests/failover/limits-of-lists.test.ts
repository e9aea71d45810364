import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environment, plays, providerAt, received } from "@/tests/failover/setting";
import { faulty, healthy, inTurn, refusal } from "@/tests/failover/vendor";
import { useGateway } from "@/tests/support/fixture";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";
import type { Scenario } from "@/tests/support/upstream";

const price = { inputPerMillion: 1, outputPerMillion: 4 };
const NAMES = ["cheap", "dear", "main", "spare"];
const down = refusal(503, "Down.");

const secretOf = (name: string): string => `condt_${name}_0123456789abcdefghijklmnopqrstuvwxyz`;

type Limited = { readonly [model: string]: object };

/** Each key may use the list's models, and has these limits for them. */
const limited: { readonly [key: string]: Limited } = {
  second: { dear: { rpm: 1 } },
  first: { cheap: { rpm: 1 } },
  both: { cheap: { rpm: 1 }, dear: { rpm: 1 } },
  unserved: { cheap: { rpm: 1 } },
  router: { cheap: { rpm: 1 } },
  place: { cheap: { concurrent: 1 } },
  shared: { "*": { concurrent: 1 } },
  tokens: { dear: { tpm: 2_000 } },
  fallback: { spare: { rpm: 1 } },
  broken: { dear: { rpm: 1 } },
};

function config(upstreamUrl: string) {
  return {
    providers: NAMES.map((name) => providerAt(upstreamUrl, name)),
    models: NAMES.map((name) => ({
      name,
      ...(name === "main" && { fallbacks: ["spare"] }),
      deployments: [{ provider: name, model: `${name}-model`, price }],
    })),
    virtualKeys: Object.entries(limited).map(([name, models]) => ({
      name,
      key: secretOf(name),
      models: name === "router" ? ["cheap", "dear"] : ["*"],
      modelLimits: Object.entries(models).map(([model, limits]) => ({ model, ...limits })),
      ...(name === "both" && { limits: { rpm: 3 } }),
    })),
  };
}

const counts = noRedis() ? ["in the process"] : ["in the process", "in Redis"];

describe.each(counts)(
  "a limit of a key for one model, counted %s, holds also where a call names that beside others",
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
    const ask = (key: string, names: object = { models: ["cheap", "dear"] }) => {
      const body = { ...names, max_tokens: 100, messages: [{ role: "user", content: "Count." }] };
      return gate().chat(body, { key: secretOf(key) });
    };
    /** Who served, or the status of what was refused. */
    const served = async (key: string, names?: object) => {
      const answer = await ask(key, names);
      await answer.arrayBuffer();
      return answer.status === 200 ? answer.headers.get("x-conduit-provider") : answer.status;
    };
    const play = (cheap: Scenario, dear: Scenario = healthy): void => {
      plays(gate(), "cheap", cheap);
      plays(gate(), "dear", dear);
    };
    /** How many calls limits of models have refused. */
    const refusals = async (): Promise<number> => {
      const metrics = await (await gate().get("/metrics", { key: null })).text();
      return Number(/^conduit_rate_limited_total\{scope="model",limit="rpm"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
    };
    const asked = (name: string): number => received(gate(), name).length;

    test("whoever serves when the first has failed comes under its own, and is not asked beyond it", async () => {
      play(down);
      expect(await served("second")).toBe("dear");
      const before = asked("dear");
      expect(await served("second")).toBe(502);
      expect(asked("dear")).toBe(before);
      play(healthy);
      expect(await served("second")).toBe("cheap");
    });

    test("a first model that is at its limit is passed over in favour of the next", async () => {
      play(healthy);
      expect([await served("first"), await served("first"), await served("first")]).toEqual(["cheap", "dear", "dear"]);
      expect(await served("first", { model: "cheap" })).toBe(429);
    });

    test("the call is refused where none is left, told when to come again, and takes nothing of other limits", async () => {
      play(healthy);
      const counted = await refusals();
      expect([await served("both"), await served("both")]).toEqual(["cheap", "dear"]);
      expect(await refusals()).toBe(counted);
      const before = asked("cheap") + asked("dear");
      const refused = await ask("both");
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(40);
      expect(await refused.text()).toContain('this key for \\"cheap\\"');
      expect(await refusals()).toBe(counted + 1);
      expect(asked("cheap") + asked("dear")).toBe(before);
      plays(gate(), "spare", healthy);
      // The key's own limit of three has one left. What is given back is new to Redis, and may come there after the next call.
      await expect.poll(() => served("both", { model: "spare" })).toBe("spare");
      expect(await served("both", { model: "spare" })).toBe(429);
    });

    test("a model that did not serve has nothing taken of its limit", async () => {
      play(down);
      expect([await served("unserved"), await served("unserved")]).toEqual(["dear", "dear"]);
      play(healthy);
      expect([await served("unserved"), await served("unserved")]).toEqual(["cheap", "dear"]);
    });

    test("so it is with the models that a strategy comes to", async () => {
      play(healthy);
      const model = "router:priority";
      const names = [
        await served("router", { model }),
        await served("router", { model }),
        await served("router", { model }),
      ];
      expect(names.filter((name) => name === "cheap").length).toBeLessThanOrEqual(1);
      expect(await served("router", { models: ["cheap", "dear"] })).toBe("dear");
    });

    test("a place among the calls under way is given back when they end, or when another model serves", async () => {
      const { promise: open, resolve: finish } = Promise.withResolvers<void>();
      const slow: Scenario = (request, response) => open.then(() => healthy(request, response));
      play(inTurn(slow, down, healthy));
      const before = asked("cheap");
      const first = served("place");
      await expect.poll(() => asked("cheap")).toBe(before + 1);
      expect(await served("place")).toBe("dear");
      expect(asked("cheap")).toBe(before + 1);
      finish();
      expect(await first).toBe("cheap");
      expect(await served("place")).toBe("dear");
      expect(await served("place")).toBe("cheap");
      expect(asked("cheap")).toBe(before + 3);
    });

    test("one place for all models is kept while the call goes from one to the other", async () => {
      play(down);
      expect([await served("shared"), await served("shared")]).toEqual(["dear", "dear"]);
    });

    test("the tokens that were used are counted for the model that served", async () => {
      play(down);
      // Each reserves about 120 tokens, and uses 72.
      const answers = [await ask("tokens"), await ask("tokens"), await ask("tokens")];
      const left = answers.map(({ headers }) => Number(headers.get("x-ratelimit-remaining-tokens")));
      expect(left.map((tokens) => (left[0] ?? 0) - tokens)).toEqual([0, 72, 144]);
    });

    test("nobody goes on with a stream beyond the limit of its own model", async () => {
      const stream = async () => {
        const answer = await ask("broken", { models: ["cheap", "dear"], stream: true });
        return answer.text();
      };
      play(faulty({ after: 20, how: "cut" }));
      expect(await stream()).toContain("[DONE]");
      const before = asked("dear");
      expect(await stream()).toContain("upstream_unavailable");
      expect(asked("dear")).toBe(before);
    });

    test("what an admin falls back to comes under its own limit too", async () => {
      plays(gate(), "main", down);
      plays(gate(), "spare", healthy);
      expect(await served("fallback", { model: "main" })).toBe("spare");
      const before = asked("spare");
      expect(await served("fallback", { model: "main" })).toBe(502);
      expect(asked("spare")).toBe(before);
    });
  },
);
