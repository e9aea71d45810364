import { inputOf } from "@/server/dialects/messages/answer";
import { blockDelta, blockStart, blockStop } from "@/server/dialects/messages/events";
import type { ChatToolCallDelta } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

/** A tool call of a stream as a block. It begins when its name is known; its arguments are passed on as they come. */
export class StreamCall {
  readonly #block: number;
  readonly #spareId: string;
  #id = "";
  #name = "";
  #args = "";
  #custom = false;
  #sent = 0;
  #started = false;
  #stopped = false;

  constructor(block: number, spareId: string) {
    this.#block = block;
    this.#spareId = spareId;
  }

  delta({ id, function: called, custom }: ChatToolCallDelta): string {
    if (this.#stopped) return "";
    this.#id ||= id ?? "";
    this.#name ||= called?.name ?? custom?.name ?? "";
    this.#custom ||= custom !== undefined;
    this.#args += called?.arguments ?? custom?.input ?? "";
    return this.#name === "" ? "" : this.#start() + this.#passOn();
  }

  /** Whether its arguments are whole, so that nothing more can belong to it. */
  get isWhole(): boolean {
    if (this.#stopped || this.#custom) return this.#stopped;
    try {
      return isRecord(JSON.parse(this.#args));
    } catch {
      // Not yet, or never.
      return false;
    }
  }

  stop(): string {
    if (this.#stopped) return "";
    let text = this.#start();
    if (this.#sent === 0) {
      const input = this.#custom ? { input: this.#args } : inputOf(this.#args);
      if (Object.keys(input).length > 0) text += this.#json(JSON.stringify(input));
    }
    this.#stopped = true;
    return text + blockStop(this.#block);
  }

  #start(): string {
    if (this.#started) return "";
    this.#started = true;
    return blockStart(this.#block, {
      type: "tool_use",
      id: this.#id || this.#spareId,
      name: this.#name,
      input: {},
    });
  }

  /** What is no object cannot be a tool's input: it is kept until its end, where it is made one. */
  #passOn(): string {
    if (this.#custom || (this.#sent === 0 && !this.#args.trimStart().startsWith("{"))) return "";
    const piece = this.#args.slice(this.#sent);
    if (piece === "") return "";
    this.#sent = this.#args.length;
    return this.#json(piece);
  }

  #json(partial_json: string): string {
    return blockDelta(this.#block, { type: "input_json_delta", partial_json });
  }
}
