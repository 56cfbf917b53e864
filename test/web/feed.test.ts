// The page's feed over a real socket, from a server that says what the test wants.
import { afterEach, describe, expect, test } from "bun:test";
import { createEventParser, type Feed, type FeedStatus, openFeed } from "../../src/web/feed.ts";
import { createEventRecorder } from "../support/event-recorder.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

type Seen = { type: "status"; status: FeedStatus } | { type: "event"; event: unknown };

interface Line {
  headers: Headers;
  send(text: string): void;
  end(): void;
  /** Nobody listens any more. */
  readonly left: Promise<void>;
}

function setUp(options: { apiKey?: string; status?: number } = {}) {
  const lines: Line[] = [];
  const answer = { status: options.status ?? 200 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch({ headers, signal }) {
      if (answer.status !== 200) return new Response("no", { status: answer.status });
      const left = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => left.resolve());
      const body = new ReadableStream({
        start(controller) {
          const encoder = new TextEncoder();
          lines.push({
            headers,
            send: (text) => controller.enqueue(encoder.encode(text)),
            end: () => controller.close(),
            left: left.promise,
          });
          controller.enqueue(encoder.encode(": hello\n\n"));
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    },
  });
  stack.defer(() => server.stop(true));
  const log = createEventRecorder<Seen>();
  const feed: Feed = openFeed({
    url: server.url.href,
    apiKey: options.apiKey,
    onEvent: (event) => log.emit({ type: "event", event }),
    onStatus: (status) => log.emit({ type: "status", status }),
  });
  stack.defer(() => feed.close());
  const statuses = (): unknown[] => log.ofType("status").map(({ status }) => status);
  return {
    feed,
    lines,
    answer,
    log,
    statuses,
    async line(nth: number): Promise<Line> {
      await log.waitFor(() => statuses().filter((status) => status === "open").length >= nth);
      return lines[nth - 1] as Line;
    },
  };
}

describe("the feed", () => {
  test("brings its key, and gives the events as they come", async () => {
    const { line, log } = setUp({ apiKey: "sesame" });
    const first = await line(1);
    expect(first.headers.get("authorization")).toBe("Bearer sesame");
    first.send('data: {"type":"a"}\n\ndata: {"ty');
    first.send('pe":"b"}\n\n');
    await log.waitFor(() => log.ofType("event").length === 2);
    expect(log.ofType("event").map(({ event }) => event)).toEqual([{ type: "a" }, { type: "b" }]);
  });

  test("that ends is opened again", async () => {
    const { line, statuses } = setUp();
    (await line(1)).end();
    await line(2);
    expect(statuses()).toEqual(["open", "lost", "open"]);
  });

  test("that is broken in the middle is let go of, and opened again", async () => {
    const { line, statuses } = setUp();
    const first = await line(1);
    first.send("data: {no json\n\n");
    await first.left;
    await line(2);
    expect(statuses()).toEqual(["open", "lost", "open"]);
  });

  test("of a server that cannot serve it is asked for until it can", async () => {
    const { line, answer, log, statuses } = setUp({ status: 503 });
    await log.waitFor(() => statuses().includes("lost"));
    answer.status = 200;
    await line(1);
  });

  test("that is refused is not asked for again with the same key", async () => {
    const { lines, answer, log, statuses, feed } = setUp({ status: 401 });
    await log.waitFor(() => statuses().includes("refused"));
    answer.status = 200;
    feed.close();
    expect([lines.length, statuses()]).toEqual([0, ["refused"]]);
  });

  test("that is closed is closed at the server too, and says nothing more", async () => {
    const { line, feed, statuses } = setUp();
    const first = await line(1);
    feed.close();
    await first.left;
    expect(statuses()).toEqual(["open"]);
  });
});

describe("the parser of events", () => {
  const text = ': sign of life\n\nevent: x\ndata: {"n":1}\n\nid: 7\n\ndata: two\ndata: lines\n\ndata: rest';

  test("gives the same whatever the pieces are", () => {
    for (let size = 1; size <= text.length; size++) {
      const parse = createEventParser();
      const found: string[] = [];
      for (let at = 0; at < text.length; at += size) found.push(...parse(text.slice(at, at + size)));
      // What has no end yet is not complete.
      expect(found).toEqual(['{"n":1}', "two\nlines"]);
    }
  });
});
