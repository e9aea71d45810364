import type { Cancel } from "@/server/cancel";
import { GatewayError } from "@/server/errors";
import type { UpstreamResponse } from "@/server/outbound/client";
import type { LocalAnswer } from "@/server/providers/provider";

/** Plays an answer that was made in this process as if it came from an upstream, at its own pace. */
export function playLocally(answer: LocalAnswer, cancel: Cancel | undefined): UpstreamResponse {
  let stop: (() => void) | undefined;
  let aborted = false;
  let paused = false;
  let continueNow: (() => void) | undefined;
  const response: UpstreamResponse = {
    status: answer.status,
    headers: { "content-type": answer.contentType },
    pump: (onData) =>
      new Promise((resolve, reject) => {
        let next = 0;
        let timer: NodeJS.Timeout | undefined;
        const finish = (settle: () => void) => {
          clearTimeout(timer);
          cancel?.offAbort(response.abort);
          settle();
        };
        stop = () => finish(() => reject(new GatewayError("cancelled", "The call was cancelled.")));
        const step = () => {
          if (paused) return;
          const piece = answer.pieces[next++];
          if (piece === undefined) return finish(resolve);
          onData(Buffer.from(piece));
          if (!aborted) timer = setTimeout(step, answer.everyMs);
        };
        continueNow = step;
        if (aborted) stop();
        else step();
      }),
    pause: () => {
      paused = true;
    },
    resume: () => {
      if (!paused) return;
      paused = false;
      continueNow?.();
    },
    abort: () => {
      aborted = true;
      stop?.();
    },
  };
  cancel?.onAbort(response.abort);
  return response;
}
