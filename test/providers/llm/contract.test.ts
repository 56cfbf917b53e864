import { provider as anthropic } from "../../../src/providers/llm/anthropic/index.ts";
import { provider as openAiCompatible } from "../../../src/providers/llm/openai-compatible/index.ts";
import { describeReplyModelContract } from "../../reply/reply-model-contract.ts";
import { createUpstream } from "./upstream-subject.ts";

describeReplyModelContract("an OpenAI-compatible server", () => createUpstream(openAiCompatible));
describeReplyModelContract("Anthropic", () => createUpstream(anthropic, { apiKey: "sk-ant-stage-0001" }));
