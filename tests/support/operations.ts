import { configFor } from "@/tests/support/fixture";

/** What `vectors`, `ranker` and `guard` cost: a dollar a million input tokens, a tenth of a cent a call. */
const price = { inputPerMillion: 1, perCall: 0.001 };

/** The fixture's configuration with a model for each operation that answers with one JSON body. */
export function operationsConfig(upstreamUrl: string) {
  const base = configFor(upstreamUrl);
  const model = (name: string, provider: string, upstreamModel: string, more: object = {}) => ({
    name,
    deployments: [{ provider, model: upstreamModel, ...more }],
  });
  return {
    ...base,
    models: [
      ...base.models,
      model("vectors", "vendor", "vendor-embed-1", { price }),
      model("ranker", "vendor", "vendor-rerank-1", { price }),
      model("guard", "vendor", "vendor-moderation-1"),
      // Answered by the second deployment where the first one's vendor cannot.
      {
        name: "either",
        deployments: [
          { provider: "foreign-vendor", model: "foreign-model-1", priority: 0 },
          { provider: "vendor", model: "vendor-embed-2", priority: 1 },
        ],
      },
    ],
  };
}
