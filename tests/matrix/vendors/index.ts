import { chatFamily, completionsFamily, type Thought } from "@/tests/matrix/vendors/chat";
import { cohereFamily } from "@/tests/matrix/vendors/cohere";
import { converseFamily } from "@/tests/matrix/vendors/converse";
import type { Family } from "@/tests/matrix/vendors/family";
import { geminiFamily } from "@/tests/matrix/vendors/gemini";
import { invokeFamily, messagesFamily } from "@/tests/matrix/vendors/messages";
import { ollamaFamily } from "@/tests/matrix/vendors/ollama";
import { replicateFamily } from "@/tests/matrix/vendors/replicate";
import { responsesFamily } from "@/tests/matrix/vendors/responses";
import { sagemakerFamily } from "@/tests/matrix/vendors/sagemaker";

const byPath: readonly [RegExp, Family][] = [
  [/\/responses$/, responsesFamily],
  [/\/messages$|:(streamR|r)awPredict$/, messagesFamily],
  [/\/invoke(-with-response-stream)?$/, invokeFamily],
  [/:(streamG|g)enerateContent$/, geminiFamily],
  [/\/converse(-stream)?$/, converseFamily],
  [/\/v2\/chat$/, cohereFamily],
  [/\/api\/chat$/, ollamaFamily],
  [/\/predictions$/, replicateFamily],
  [/\/invocations(-response-stream)?$/, sagemakerFamily],
];

/** The dialect in which a vendor is spoken to at this path; undefined for a path that no vendor has. */
export function familyAt(path: string, thought: Thought): Family | undefined {
  if (path.endsWith("/chat/completions")) return chatFamily(thought);
  if (path.endsWith("/completions")) return completionsFamily;
  return byPath.find(([pattern]) => pattern.test(path))?.[1];
}
