import { chatFamily } from "@/tests/matrix/vendors/chat";
import type { Family } from "@/tests/matrix/vendors/family";
import { eventMessage } from "@/tests/wire/event-stream";

const chat = chatFamily("reasoning_content");
/** Frames end wherever they do. */
const FRAME_BYTES = 100;

/** A server of OpenAI's chat behind SageMaker: its bytes come in AWS's frames, and its errors inside SageMaker's own. */
export const sagemakerFamily: Family = {
  ...chat,
  stream: (play, request) => {
    const bytes = Buffer.from(chat.stream(play, request).body);
    const frames: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += FRAME_BYTES)
      frames.push(eventMessage("PayloadPart", bytes.subarray(start, start + FRAME_BYTES)));
    return { contentType: "application/vnd.amazon.eventstream", body: Buffer.concat(frames) };
  },
  error: (status, message) => ({
    ErrorCode: "CLIENT_ERROR_FROM_MODEL",
    Message: "Received an error from the model.",
    OriginalMessage: JSON.stringify(chat.error(status, message)),
    OriginalStatusCode: status,
  }),
};
