import { at, text } from "@/tests/matrix/json";
import { lines, USED } from "@/tests/matrix/said";
import type { Family } from "@/tests/matrix/vendors/family";

/** Replicate's predictions, which are answered whole. */
export const replicateFamily: Family = {
  asked: (body) => ({
    prompt: text(body, "input", "prompt"),
    tools: [],
    images: [at(body, "input", "image_input")].flat().flatMap((image) => {
      const url = typeof image === "string" ? image : "";
      return url.startsWith("data:") ? [url.slice(url.indexOf(",") + 1)] : [];
    }),
    effort: at(body, "input", "reasoning_effort"),
    schema: undefined,
    results: [],
  }),
  whole: (play) => ({
    id: "m1",
    model: "served-model",
    status: "succeeded",
    output: [...lines(play).text],
    metrics: { input_token_count: USED.fresh + USED.cached, output_token_count: USED.seen + USED.reasoning },
  }),
  stream: (play) => {
    const whole = JSON.stringify(replicateFamily.whole(play, undefined));
    return { contentType: "application/json", body: play === "cut" ? whole.slice(0, whole.length / 2) : whole };
  },
  error: (status, message) => ({ title: "Refused", detail: message, status }),
  tells: { cached: false, reasoning: false },
};
