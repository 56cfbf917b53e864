// A real listener on a free loopback port, around stand-in services.
import { createServer, type HttpServer, type ServerOptions } from "../../src/server/create-server.ts";
import { listen, type ListenOptions } from "../../src/server/listen.ts";
import { createFakeServices, type FakeServices } from "./fake-services.ts";

export interface TestServer extends AsyncDisposable {
  readonly services: FakeServices;
  readonly server: HttpServer;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  drain(): Promise<void>;
}

export function startTestServer(
  services: FakeServices = createFakeServices(),
  options: ServerOptions & Partial<ListenOptions> = {},
): TestServer {
  const server = createServer(services, options);
  const listener = listen(server, { port: 0, ...options });
  return {
    services,
    server,
    url: listener.url,
    port: listener.port,
    drain: () => listener.drain(),
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** `fetch` of a JSON body, for the tests' convenience. */
export const postJson = (url: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
  });

/** The JSON values of a stream of server-sent events, as they come; comments and `[DONE]` are passed over. */
export async function* readSse(response: Response): AsyncIterable<Record<string, unknown>> {
  if (!response.body) throw new Error("the response has no body");
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      if (block.startsWith("data: ") && block !== "data: [DONE]") {
        yield JSON.parse(block.slice("data: ".length)) as Record<string, unknown>;
      }
    }
  }
}
