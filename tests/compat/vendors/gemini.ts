import { isRecord, listOf, textOf } from "@/server/wire/json";
import { textIn } from "@/tests/compat/vendors/chat";
import { type Heard, type Result, type Said, type Tool, tokens } from "@/tests/compat/vendors/model";
import { halves, type JsonObject, onlyKnows, pictureOf, Refusal, type Tongue } from "@/tests/compat/vendors/vendor";
import type { Received } from "@/tests/support/upstream";

const FIELDS = ["contents", "tools", "toolConfig", "systemInstruction", "generationConfig", "safetySettings"];
const PARTS = ["text", "thought", "thoughtSignature", "inlineData", "functionCall", "functionResponse"];
/** Fields of the schemas that `parameters` and `responseSchema` take. */
const SCHEMA = [
  "type",
  "format",
  "description",
  "nullable",
  "enum",
  "properties",
  "required",
  "items",
  "propertyOrdering",
];

/** What this vendor signs its tool calls with, and what it takes for calls that it did not make. */
const GEMINI_SIGNATURE = "c2lnbmVkIGJ5IGdlbWluaQ==";
const UNSIGNED = "skip_thought_signature_validator";

/** Gemini 3's generateContent, with the refusals that its documentation names. */
export const geminiTongue: Tongue = {
  hear,
  whole: (said) => answer(partsOf(said), { last: true }),
  events: (said) => {
    const parts = partsOf(said, true);
    const pieces = parts.map((part, index) => answer([part], { last: index === parts.length - 1 }));
    return pieces.map((piece) => `data: ${JSON.stringify(piece)}\r\n\r\n`);
  },
  opening: 1,
  refusal: (status, message) => ({ error: { code: status, message, status: ERRORS[status] ?? "INTERNAL" } }),
};

const ERRORS: Readonly<Record<number, string>> = { 400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED" };

function hear(body: JsonObject, { headers, path }: Received): Heard {
  if (headers["x-goog-api-key"] === undefined) throw new Refusal("Method doesn't allow unregistered callers", 403);
  onlyKnows(body, FIELDS, "the request");
  const turns = listOf(body.contents).filter(isRecord);
  const config = isRecord(body.generationConfig) ? body.generationConfig : {};
  if (config.responseSchema !== undefined) googleSchema(config.responseSchema);
  const asked = turns.findLast((turn) => turn.role !== "model" && saidIn(turn) !== "");
  const { results, signed } = resultsOf(turns);
  const functions = isRecord(body.toolConfig) ? body.toolConfig.functionCallingConfig : undefined;
  const forced =
    isRecord(functions) && functions.mode === "ANY" ? listOf(functions.allowedFunctionNames)[0] : undefined;
  return {
    stream: path.includes(":streamGenerateContent"),
    prompt: asked ? saidIn(asked) : "",
    system: isRecord(body.systemInstruction) ? textIn(body.systemInstruction.parts) : "",
    tools: listOf(body.tools).flatMap(toolsOf),
    forced: textOf(forced) ?? (isRecord(functions) && functions.mode === "ANY"),
    results,
    pictures: listOf(turns.at(-1)?.parts).flatMap((part) =>
      isRecord(part) && isRecord(part.inlineData)
        ? [pictureOf(`data:${String(part.inlineData.mimeType)};base64,${String(part.inlineData.data)}`)]
        : [],
    ),
    schema: config.responseJsonSchema ?? config.responseSchema,
    thinks: isRecord(config.thinkingConfig) && config.thinkingConfig.includeThoughts === true,
    signed,
  };
}

function saidIn({ parts }: JsonObject): string {
  return textIn(listOf(parts).filter((part) => !isRecord(part) || part.thought !== true));
}

function toolsOf(tool: unknown): Tool[] {
  const functions = isRecord(tool) ? listOf(tool.functionDeclarations).filter(isRecord) : [];
  return functions.map(({ name, parameters, parametersJsonSchema }) => {
    if (parameters !== undefined) googleSchema(parameters);
    return { name: String(name), schema: parametersJsonSchema ?? parameters };
  });
}

function googleSchema(schema: unknown): void {
  if (!isRecord(schema)) return;
  onlyKnows(schema, SCHEMA, "a schema");
  googleSchema(schema.items);
  if (isRecord(schema.properties)) for (const one of Object.values(schema.properties)) googleSchema(one);
}

/** Pairs calls with results by their ids, or by their order where they have none; the counts must agree. */
function resultsOf(turns: readonly JsonObject[]): { results: Result[]; signed: boolean } {
  let results: Result[] = [];
  let signed = true;
  for (const [index, turn] of turns.entries()) {
    if (turn.role !== "user" && turn.role !== "model") throw new Refusal("Please use a valid role: user, model.");
    const parts = listOf(turn.parts).filter(isRecord);
    for (const part of parts) onlyKnows(part, PARTS, "a part");
    if (turn.role === "user" && saidIn(turn) !== "") results = [];
    const calls = parts.filter((part) => isRecord(part.functionCall));
    if (calls.length === 0) continue;
    const [first] = calls;
    if (first?.thoughtSignature === undefined) throw new Refusal("Function call is missing a thought_signature.");
    if (first.thoughtSignature !== GEMINI_SIGNATURE && first.thoughtSignature !== UNSIGNED)
      throw new Refusal("Thought signature is not valid.");
    signed &&= first.thoughtSignature === GEMINI_SIGNATURE;
    const next = listOf(turns[index + 1]?.parts).filter(isRecord);
    const answers = next.flatMap((part) => (isRecord(part.functionResponse) ? [part.functionResponse] : []));
    if (answers.length !== calls.length)
      throw new Refusal("The number of function response parts must equal the number of function call parts.");
    results.push(...calls.map((part, at) => resultOf(part.functionCall, { answers, at })));
  }
  return { results, signed };
}

function resultOf(call: unknown, { answers, at }: { answers: readonly JsonObject[]; at: number }): Result {
  const id = isRecord(call) ? call.id : undefined;
  const answer = id === undefined ? answers[at] : answers.find((one) => one.id === id);
  if (!isRecord(call) || !answer || call.name !== answer.name)
    throw new Refusal("A function response does not belong to its call.");
  const response = isRecord(answer.response) ? answer.response : {};
  return { name: String(call.name), args: call.args, result: String(response.output ?? response.result) };
}

function partsOf({ thinking, text, calls = [] }: Said, split = false): JsonObject[] {
  const thought = thinking === undefined ? [] : split ? halves(thinking) : [thinking];
  const said = text === undefined ? [] : split ? halves(text) : [text];
  return [
    ...thought.map((piece) => ({ text: piece, thought: true })),
    ...said.map((piece) => ({ text: piece })),
    ...calls.map(({ name, args }, index) => ({
      functionCall: { name, args },
      ...(index === 0 && { thoughtSignature: GEMINI_SIGNATURE }),
    })),
  ];
}

function answer(parts: readonly JsonObject[], { last }: { last: boolean }): JsonObject {
  const counts = { promptTokenCount: tokens.input, totalTokenCount: tokens.input + (last ? tokens.output : 0) };
  return {
    candidates: [{ content: { parts, role: "model" }, index: 0, ...(last && { finishReason: "STOP" }) }],
    usageMetadata: { ...counts, ...(last && { candidatesTokenCount: tokens.output }) },
    modelVersion: "gemini-3-pro-preview",
    responseId: "resp7",
  };
}
