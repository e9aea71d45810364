import { admit } from "@/server/gateway/admit";
import { authenticate } from "@/server/gateway/authenticate";
import { begin } from "@/server/gateway/call";
import { dispatch } from "@/server/gateway/dispatch";
import type { Endpoint } from "@/server/gateway/endpoint";
import { readBody } from "@/server/gateway/read-body";
import { relay } from "@/server/gateway/relay";
import { resolve } from "@/server/gateway/resolve";
import { serve } from "@/server/gateway/serve";
import { ChatRequest } from "@/server/wire/chat";

/** `POST /v1/chat/completions`. Source: OpenAI API reference, "Create chat completion". */
export const chatCompletions: Endpoint = (inbound) =>
  serve(begin(inbound, "chat", "openai"), async (call) => {
    const caller = await authenticate(inbound);
    call.caller = caller;
    const request = await readBody(inbound, ChatRequest);
    call.requestBytes = request.bytes.length;
    call.model = request.value.model;
    call.stream = request.value.stream === true;
    const targets = resolve(caller, call.model);
    admit(call, caller);
    const answer = await dispatch(call, request, targets);
    return relay(call, request.value, answer);
  });
