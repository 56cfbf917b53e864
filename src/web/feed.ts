// The server's live feed (GET /v1/events), kept open: read with fetch, since an EventSource can send no key and does not
// say why it was refused.

export type FeedStatus = "open" | "lost" | "refused";

export interface FeedOptions {
  url: string;
  apiKey: string | undefined;
  onEvent: (event: unknown) => void;
  onStatus: (status: FeedStatus) => void;
}

export interface Feed {
  close(): void;
}

const firstRetryMs = 500;
const maxRetryMs = 4000;
/** The server sends a sign of life every 15 s; a line without one for so long is dead, whatever the browser thinks. */
const silenceMs = 40_000;

export function openFeed(options: FeedOptions): Feed {
  const { onEvent, onStatus } = options;
  let isClosed = false;
  let connection = new AbortController();
  let retryMs = firstRetryMs;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const watch = (): void => {
    clearTimeout(timer);
    const watched = connection;
    timer = setTimeout(() => watched.abort(), silenceMs);
  };

  const read = async (): Promise<FeedStatus> => {
    connection = new AbortController();
    watch();
    const response = await fetch(options.url, {
      headers: options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` },
      cache: "no-store",
      signal: connection.signal,
    });
    if (response.status === 401) return "refused";
    if (!response.ok || !response.body) return "lost";
    retryMs = firstRetryMs;
    onStatus("open");
    const parse = createEventParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      watch();
      for (const data of parse(decoder.decode(part.value, { stream: true }))) onEvent(JSON.parse(data));
    }
    return "lost";
  };

  const run = async (): Promise<void> => {
    const status = await read().catch(() => "lost" as const);
    clearTimeout(timer);
    // What is not read to its end must not go on being sent.
    connection.abort();
    if (isClosed) return;
    onStatus(status);
    // Asking again with the same key is of no use.
    if (status === "refused") return;
    timer = setTimeout(() => void run(), retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(maxRetryMs, retryMs * 2);
  };
  void run();

  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      connection.abort();
    },
  };
}

/** Text in pieces of any size → the data of the events that are complete. Comments and other fields are passed over. */
export function createEventParser(): (text: string) => string[] {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const lines = block.split("\n").filter((line) => line.startsWith("data:"));
      return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).trimStart()).join("\n")];
    });
  };
}
