// The description of the API (OpenAPI 3.1), made from the routes' own schemas.
import type { Router } from "./router.ts";

export type ApiDescription = ReturnType<Router["getOpenAPI31Document"]>;

/** Call once every route is registered. `url` is where the server was asked. */
export function describeApi(router: Router, options: { version: string }): ApiDescription {
  return router.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Troupe",
      version: options.version,
      description:
        "Voice characters on your own machine. Every character is a model: any OpenAI client can chat with it, make it " +
        "speak, or talk with it, by naming it.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "Chat", description: "Characters that write." },
      { name: "Audio", description: "Characters that speak and hear." },
      { name: "Models", description: "Characters and engines as models." },
      { name: "Characters", description: "The cast." },
      { name: "Conversations", description: "What was said and kept." },
      { name: "Assets", description: "Models and voices on disk." },
      { name: "Hub", description: "Models of the Hugging Face hub." },
      { name: "Providers", description: "Engines to choose from." },
      { name: "Events", description: "The live feed." },
      { name: "Health", description: "What works." },
    ],
    // Needed where the server has keys; none at all otherwise.
    security: [{}, { bearer: [] }],
  });
}

/** Parts of the description that belong to no JSON route: the key, and the socket. */
export function registerCommonParts(router: Router): void {
  router.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "A key of server.api_keys.",
  });
  router.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/realtime",
    tags: ["Audio"],
    summary: "A voice session (WebSocket)",
    description:
      "OpenAI's Realtime API. `model` is a character's name; its prompt, voice and tools are the session's defaults.",
    parameters: [{ name: "model", in: "query", required: false, schema: { type: "string" } }],
    responses: {
      101: { description: "The socket is open." },
      401: { description: "A key is needed." },
      403: { description: "Pages of this origin may not connect." },
      404: { description: "No such character." },
      426: { description: "Not a request for a WebSocket." },
      503: { description: "At capacity; see Retry-After." },
    },
  });
}
