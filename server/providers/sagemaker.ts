import { classify as classifyAws } from "@/server/providers/bedrock/classify";
import { classifyOpenAi } from "@/server/providers/openai-like";
import type { Classified, Native, ProviderType, Target } from "@/server/providers/provider";
import { countOf, isRecord, textOf } from "@/server/wire/json";

/**
 * An endpoint's URL; the model's upstream name is the endpoint's name. The option `region` replaces that of an address at AWS.
 * Source: Amazon SageMaker API reference, "InvokeEndpoint" and "InvokeEndpointWithResponseStream".
 */
function url(target: Target, { stream }: { readonly stream: boolean }): string {
  const region = textOf(target.options.region);
  const base = region
    ? target.baseUrl.replace(/^(https:\/\/runtime\.sagemaker\.)[a-z0-9-]+(\.amazonaws\.com)/, `$1${region}$2`)
    : target.baseUrl;
  const action = stream ? "invocations-response-stream" : "invocations";
  return `${base}/endpoints/${encodeURIComponent(target.model)}/${action}`;
}

/** One endpoint may hold several models (option `inferenceComponent`), and a server that knows its model by a name (`servedModel`). */
const endpoint: Native = {
  url,
  framing: "aws-sse",
  headers: (target) => {
    const component = textOf(target.options.inferenceComponent);
    return {
      "content-type": "application/json",
      ...(component && { "x-amzn-sagemaker-inference-component": component }),
      ...target.headers,
    };
  },
  change: (_body, target) => {
    const served = textOf(target.options.servedModel);
    return { fields: { model: served === undefined ? null : JSON.stringify(served) } };
  },
};

/** Endpoints whose servers speak OpenAI's chat, as those of vLLM, TGI and DJL do. */
export const sagemaker: ProviderType = {
  id: "sagemaker",
  label: "Amazon SageMaker",
  about: "Your own endpoints on AWS that speak OpenAI's chat; the key is an access key id and its secret as id:secret.",
  baseUrl: "https://runtime.sagemaker.us-east-1.amazonaws.com",
  auth: { scheme: "sigv4", service: "sagemaker" },
  keyOptional: false,
  chat: { kind: "native", streamUsage: true, ...endpoint },
  classify,
};

/** Behind a 424 the model's own server answered with an error, which is passed on as its body and status. */
function classify(status: number, body: unknown): Classified {
  const original = isRecord(body) ? textOf(body.OriginalMessage) : undefined;
  const originalStatus = isRecord(body) ? countOf(body.OriginalStatusCode) : undefined;
  if (status !== 424 || original === undefined || originalStatus === undefined) return classifyAws(status, body);
  return { ...classifyOpenAi(originalStatus, parsed(original)), status: originalStatus };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A text is an error's body too.
    return { message: text };
  }
}
