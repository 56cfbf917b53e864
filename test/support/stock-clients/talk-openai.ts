// A program of its own that talks through the package `openai`, as it is, over TLS: any of its four realtime classes, in Bun
// and in Node. Prints every server event, and lines of its own whose type begins with "client.", one a line as JSON.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [kind = "", baseURL = "", model = "", helloFile = "", stopFile = ""] = process.argv.slice(2);
const isBeta = kind.startsWith("beta-");
const client = new OpenAI({ apiKey: "stock-key", baseURL, dangerouslyAllowBrowser: true });

/** What the four classes have in common; their types differ in what their events are. */
interface Socket {
  on(type: string, listener: (event: Event) => void): unknown;
  send(event: object): void;
  close(): void;
}
interface Event {
  type: string;
  message?: string;
  item_id?: string;
  response?: { status?: string; output?: { type: string; call_id?: string; arguments?: string }[] };
}

async function open(): Promise<Socket> {
  const load = async (): Promise<unknown> => {
    switch (kind) {
      case "ga-ws": {
        const { OpenAIRealtimeWS } = await import("openai/realtime/ws");
        return new OpenAIRealtimeWS({ model, reconnect: true }, client);
      }
      case "ga-websocket": {
        const { OpenAIRealtimeWebSocket } = await import("openai/realtime/websocket");
        return new OpenAIRealtimeWebSocket({ model, reconnect: true, dangerouslyAllowBrowser: true }, client);
      }
      case "beta-ws": {
        const { OpenAIRealtimeWS } = await import("openai/beta/realtime/ws");
        return new OpenAIRealtimeWS({ model }, client);
      }
      default: {
        const { OpenAIRealtimeWebSocket } = await import("openai/beta/realtime/websocket");
        return new OpenAIRealtimeWebSocket({ model, dangerouslyAllowBrowser: true }, client);
      }
    }
  };
  return (await load()) as Socket;
}

const print = (line: object): void => console.log(JSON.stringify(line));
const seen: Event[] = [];
const wakers = new Set<() => void>();
let isCut = false;

function watch(socket: Socket): Socket {
  socket.on("event", (event) => {
    seen.push(event);
    print(event);
    for (const wake of wakers) wake();
  });
  socket.on("error", (error) => {
    // A connection that breaks is an error to the package as well; here it is part of the play.
    if (!isCut) print({ type: "client.error", message: error.message });
  });
  return socket;
}

const count = (type: string): number => seen.filter((event) => event.type === type).length;
/** Resolves with the `nth` event of a type, past or to come; the test that started this program has the deadline. */
function waitFor(type: string, nth = 1): Promise<Event> {
  return new Promise((resolve) => {
    const look = (): void => {
      const found = seen.filter((event) => event.type === type)[nth - 1];
      if (!found) return;
      wakers.delete(look);
      resolve(found);
    };
    wakers.add(look);
    look();
  });
}

const audioDelta = isBeta ? "response.audio.delta" : "response.output_audio.delta";
const ended = "rate_limits.updated";
const tool = {
  type: "function",
  name: "lights",
  description: "Switches the light",
  parameters: { type: "object", properties: { on: { type: "boolean" } } },
};
const configure = (socket: Socket, settings: object): void =>
  socket.send({ type: "session.update", session: isBeta ? settings : { type: "realtime", ...settings } });
const write = (socket: Socket, text: string): void => {
  const item = { type: "message", role: "user", content: [{ type: "input_text", text }] };
  socket.send({ type: "conversation.item.create", item });
  socket.send({ type: "response.create" });
};
/** In pieces of 100 ms. */
const speak = (socket: Socket, file: string): void => {
  const pcm = readFileSync(file);
  for (let at = 0; at < pcm.length; at += 4800) {
    const audio = pcm.subarray(at, at + 4800).toString("base64");
    socket.send({ type: "input_audio_buffer.append", audio });
  }
};

print({ type: "client.runtime", runtime: "bun" in process.versions ? "bun" : "node" });
let socket = watch(await open());
await waitFor("session.created");
configure(socket, { tools: [tool] });
await waitFor("session.updated");

speak(socket, helloFile);
await waitFor(ended);
print({ type: "client.answered" });

const before = count(audioDelta);
write(socket, "Tell me a story");
await waitFor(audioDelta, before + 3);
speak(socket, stopFile);
await waitFor("input_audio_buffer.speech_started", 2);
const itemId = seen.findLast((event) => event.type === audioDelta)?.item_id ?? "";
socket.send({ type: "conversation.item.truncate", item_id: itemId, content_index: 0, audio_end_ms: 370 });
socket.send({ type: "conversation.item.retrieve", item_id: itemId });
await waitFor("conversation.item.retrieved");
await waitFor(ended, 3);
print({ type: "client.interrupted" });

write(socket, "Roll, then light");
await waitFor(ended, 4);
const call = seen
  .findLast((event) => event.type === "response.done")
  ?.response?.output?.find((item) => item.type === "function_call");
const output = { type: "function_call_output", call_id: call?.call_id ?? "", output: "done" };
socket.send({ type: "conversation.item.create", item: output });
socket.send({ type: "response.create" });
await waitFor(ended, 5);
print({ type: "client.called", arguments: call?.arguments });

isCut = true;
print({ type: "client.cut-me" });
if (isBeta) {
  // The beta's classes do not come back by themselves.
  await new Promise((resolve) => process.stdin.once("data", resolve));
  socket = watch(await open());
}
await waitFor("session.created", 2);
write(socket, "Are you back");
await waitFor(ended, 6);
print({ type: "client.finished" });
socket.close();
process.exit(0);
