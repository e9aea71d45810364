import type { Caller } from "@/tests/matrix/callers/caller";
import { chat } from "@/tests/matrix/callers/chat";
import { completions } from "@/tests/matrix/callers/completions";
import { gemini } from "@/tests/matrix/callers/gemini";
import { messages } from "@/tests/matrix/callers/messages";
import { responses } from "@/tests/matrix/callers/responses";

/** Every dialect in which callers ask for text. */
export const callers: readonly Caller[] = [chat, responses, messages, completions, gemini];
