// A program of its own that talks through the package `@openai/agents-realtime`, as it is, in Bun and in Node. Prints every
// server event, and lines of its own whose type begins with "client.", one a line as JSON.
import { readFileSync } from "node:fs";
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";
import { z } from "zod";

const [url = "", model = "", helloFile = "", stopFile = ""] = process.argv.slice(2);
const print = (line: object): void => console.log(JSON.stringify(line));
const seen: { type: string }[] = [];
const wakers = new Set<() => void>();
const wake = (): void => {
  for (const look of wakers) look();
};

const until = (isTrue: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!isTrue()) return;
      wakers.delete(look);
      resolve();
    };
    wakers.add(look);
    look();
  });
const count = (type: string): number => seen.filter((event) => event.type === type).length;

const lights = tool({
  name: "lights",
  description: "Switches the light",
  parameters: z.object({ on: z.boolean() }),
  async execute({ on }) {
    print({ type: "client.called", arguments: JSON.stringify({ on }) });
    return "done";
  },
});

async function open(): Promise<RealtimeSession> {
  const agent = new RealtimeAgent({ name: "guest", instructions: "", tools: [lights] });
  const transport = new OpenAIRealtimeWebSocket({ url: `${url}?model=${encodeURIComponent(model)}` });
  const session = new RealtimeSession(agent, { transport });
  session.on("transport_event", (event) => {
    // What the session makes of events is told here, too; only the server's have an id of its own.
    if ("event_id" in event) {
      seen.push(event);
      print(event);
    }
    wake();
  });
  session.on("audio", ({ data }) => print({ type: "client.audio", bytes: data.byteLength }));
  session.on("audio_interrupted", () => print({ type: "client.audio-interrupted" }));
  session.on("history_updated", (history) => {
    print({ type: "client.history", history });
    wake();
  });
  session.on("error", ({ error }) => {
    if (!isCut) print({ type: "client.error", message: String(error) });
  });
  await session.connect({ apiKey: "stock-key" });
  return session;
}

const speak = (session: RealtimeSession, file: string): void => {
  const pcm = readFileSync(file);
  for (let at = 0; at < pcm.length; at += 4800) {
    const piece = new Uint8Array(pcm.subarray(at, at + 4800));
    session.sendAudio(piece.buffer);
  }
};

print({ type: "client.runtime", runtime: "bun" in process.versions ? "bun" : "node" });
let isCut = false;
const ended = "rate_limits.updated";
let session = await open();
await until(() => count("session.updated") >= 1);
speak(session, helloFile);
await until(() => count(ended) === 1);
print({ type: "client.answered" });

const before = count("response.output_audio.delta");
session.sendMessage("Tell me a story");
await until(() => count("response.output_audio.delta") >= before + 3);
speak(session, stopFile);
await until(() => count(ended) === 3 && count("conversation.item.truncated") > 0);
print({ type: "client.interrupted" });

session.sendMessage("Roll, then light");
await until(() => count(ended) === 5);

isCut = true;
print({ type: "client.cut-me" });
await new Promise((resolve) => process.stdin.once("data", resolve));
session.close();
session = await open();
session.sendMessage("Are you back");
await until(() => count(ended) === 6);
print({ type: "client.finished" });
session.close();
process.exit(0);
