// The engine process of ONNX language models.
import { serveChatEngine } from "./chat-engine.ts";
import { loadOnnxModel } from "./onnx-model.ts";

serveChatEngine(loadOnnxModel);
