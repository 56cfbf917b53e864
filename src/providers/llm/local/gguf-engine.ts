// The engine process of GGUF models.
import { serveChatEngine } from "./chat-engine.ts";
import { loadGgufModel } from "./gguf-model.ts";

serveChatEngine(loadGgufModel);
