// A page that talks through the package `@openai/agents-realtime`, as it is, from a browser's microphone: the package's
// WebSocket transport leaves the microphone to the page.
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";
import { z } from "zod";

export interface AgentsPage {
  /** Everything that the server has sent, in order. */
  events: { type: string }[];
  errors: string[];
  calls: string[];
  interruptions: number;
  soundBytes: number;
  /** As `role: words`. */
  history: string[];
  connect(url: string, secret: string): Promise<void>;
  listen(): Promise<void>;
  hangUp(): void;
  send(text: string): void;
}

/** Mono, 16 bits, in pieces of 100 ms. */
const capture = `registerProcessor("capture", class extends AudioWorkletProcessor {
  chunk = new Int16Array(2400);
  filled = 0;
  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.chunk[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled < this.chunk.length) continue;
      this.port.postMessage(this.chunk.slice().buffer);
      this.filled = 0;
    }
    return true;
  }
})`;

let session: RealtimeSession | undefined;
let isLeaving = false;

const lights = tool({
  name: "lights",
  description: "Switches the light",
  parameters: z.object({ on: z.boolean() }),
  async execute({ on }) {
    page.calls.push(`lights ${on}`);
    return "done";
  },
});

const page: AgentsPage = {
  events: [],
  errors: [],
  calls: [],
  interruptions: 0,
  soundBytes: 0,
  history: [],
  async connect(url, secret) {
    const agent = new RealtimeAgent({ name: "guest", instructions: "", tools: [lights] });
    const opened = new RealtimeSession(agent, { transport: new OpenAIRealtimeWebSocket({ url }) });
    opened.on("transport_event", (event) => {
      if ("event_id" in event) page.events.push(event);
    });
    opened.on("audio", ({ data }) => {
      page.soundBytes += data.byteLength;
    });
    opened.on("audio_interrupted", () => {
      page.interruptions++;
    });
    opened.on("error", ({ error }) => {
      if (!isLeaving) page.errors.push(String(error));
    });
    opened.on("history_updated", (items) => {
      page.history = items.map((item) =>
        item.type === "message"
          ? `${item.role}: ${item.content.map((part) => ("text" in part ? part.text : "transcript" in part ? part.transcript : "")).join(" ")}`
          : item.type,
      );
    });
    await opened.connect({ apiKey: secret });
    session = opened;
    isLeaving = false;
  },
  async listen() {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const context = new AudioContext({ sampleRate: 24_000 });
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([capture], { type: "text/javascript" })),
    );
    const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    node.port.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => session?.sendAudio(data));
    node.port.start();
    context.createMediaStreamSource(stream).connect(node);
  },
  hangUp() {
    isLeaving = true;
    session?.close();
    session = undefined;
  },
  send: (text) => session?.sendMessage(text),
};

(globalThis as unknown as { agents: AgentsPage }).agents = page;
