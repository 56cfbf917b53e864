// As openai-browser-client.ts, with the package's class of the beta.
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket } from "openai/beta/realtime/websocket";

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
    realtime.send({ type: "session.update", session: { modalities: ["text"] } });
    realtime.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
    });
    realtime.send({ type: "response.create" });
  }
  if (event.type === "rate_limits.updated") realtime.close();
});
