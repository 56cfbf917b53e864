// A program of its own that talks through the `openai` package's class for browsers' WebSockets, over TLS: such a socket
// learns of a certificate authority only from the environment it starts in. Prints the events it gets, one a line.
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket } from "openai/realtime/websocket";

const [baseURL = "", model = ""] = process.argv.slice(2);
const client = new OpenAI({ apiKey: "browser-key", baseURL });
const realtime = new OpenAIRealtimeWebSocket({ model, dangerouslyAllowBrowser: true }, client);
realtime.on("error", (error) => {
  console.log(JSON.stringify({ type: "client-error", message: error.message }));
  realtime.close();
});
realtime.on("event", (event) => {
  console.log(JSON.stringify(event));
  if (event.type === "session.created") {
    realtime.send({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } });
    realtime.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
    });
    realtime.send({ type: "response.create" });
  }
  if (event.type === "rate_limits.updated") realtime.close();
});
