/*
 * Every vendor's provider type, one line each: the registry takes all of them from here, sorts them by their labels and offers
 * them to people, conduit.json and the checks.
 */
export { azure } from "@/server/providers/azure";
export { baseten } from "@/server/providers/baseten";
export { bedrock } from "@/server/providers/bedrock";
export { cerebras } from "@/server/providers/cerebras";
export { cloudflareWorkersAi } from "@/server/providers/cloudflare-workers-ai";
export { cohere } from "@/server/providers/cohere";
export { dashscope } from "@/server/providers/dashscope";
export { databricks } from "@/server/providers/databricks";
export { deepinfra } from "@/server/providers/deepinfra";
export { deepseek } from "@/server/providers/deepseek";
export { fireworks } from "@/server/providers/fireworks";
export { gemini } from "@/server/providers/gemini";
export { githubModels } from "@/server/providers/github-models";
export { groq } from "@/server/providers/groq";
export { huggingface } from "@/server/providers/huggingface";
export { jina } from "@/server/providers/jina";
export { llamacpp } from "@/server/providers/llamacpp";
export { lmstudio } from "@/server/providers/lmstudio";
export { minimax } from "@/server/providers/minimax";
export { mistral } from "@/server/providers/mistral";
export { moonshot } from "@/server/providers/moonshot";
export { nebius } from "@/server/providers/nebius";
export { novita } from "@/server/providers/novita";
export { nvidia } from "@/server/providers/nvidia";
export { ollama } from "@/server/providers/ollama";
export { ollamaOpenAi } from "@/server/providers/ollama-openai";
export { openrouter } from "@/server/providers/openrouter";
export { perplexity } from "@/server/providers/perplexity";
export { replicate } from "@/server/providers/replicate";
export { sagemaker } from "@/server/providers/sagemaker";
export { sambanova } from "@/server/providers/sambanova";
export { siliconflow } from "@/server/providers/siliconflow";
export { together } from "@/server/providers/together";
export { vertex } from "@/server/providers/vertex";
export { vllm } from "@/server/providers/vllm";
export { voyage } from "@/server/providers/voyage";
export { xai } from "@/server/providers/xai";
export { zhipu } from "@/server/providers/zhipu";
