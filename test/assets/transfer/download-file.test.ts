import { describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../../src/base/errors.ts";
import { createLeapingClock } from "../../support/leaping-clock.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { makeBytes } from "../store-fixture.ts";
import { createTransferFixture } from "./transfer-fixture.ts";
import { failureOf } from "../../support/failure-of.ts";

const small = makeBytes(10_000);
const large = makeBytes(500_000, 2);

describe("a whole file", () => {
  test("a small one is one request, with identity encoding and its bytes as sent", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    expect(await f.download()).toMatchObject({ sizeBytes: 10_000, downloadedBytes: 10_000, resumedBytes: 0 });
    expect(await f.readPart()).toEqual(small);
    expect(f.server.requests.map((r) => [r.headers["range"], r.headers["accept-encoding"]])).toEqual([
      ["bytes=0-65535", "identity"],
    ]);
  });

  test("a large one comes in several ranges at once", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    f.server.bytesPerSecond = 2_000_000;
    await f.download();
    expect(await f.readPart()).toEqual(large);
    expect(f.server.requests.length).toBe(8);
    expect(f.server.peakConcurrency).toBeGreaterThan(1);
    expect(f.server.peakConcurrency).toBeLessThanOrEqual(4);
    expect(f.server.sentBytes).toBe(large.length);
  });

  test("a server without ranges sends it in one body", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: large, hasRanges: false });
    await f.download();
    expect(await f.readPart()).toEqual(large);
    expect(f.server.requests.length).toBe(1);
  });

  test("a body of unknown length is taken to its end", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: large, hasRanges: false, isChunked: true });
    expect(await f.download()).toMatchObject({ sizeBytes: large.length });
    expect(await f.readPart()).toEqual(large);
  });

  test("encoded bytes are kept as they are", async () => {
    await using f = await createTransferFixture();
    const zipped = Bun.gzipSync(new Uint8Array(50_000));
    f.server.serve("/file", { content: zipped, headers: { "content-encoding": "gzip" } });
    await f.download();
    expect(await f.readPart()).toEqual(new Uint8Array(zipped));
  });

  test("an empty file is whole at once", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", new Uint8Array());
    expect(await f.download()).toMatchObject({ sizeBytes: 0 });
  });

  test("part and state are the owner's alone", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    await f.download();
    const folder = dirname(f.partPath);
    expect((await readdir(folder)).sort()).toEqual(["x.part", "x.part.json"]);
    for (const name of await readdir(folder)) {
      expect((await stat(`${folder}/${name}`)).mode & 0o777).toBe(0o600);
    }
  });
});

describe("faults", () => {
  test.each([
    ["truncate", 3_000],
    ["reset", 3_000],
    ["truncate", 0],
    ["reset", 0],
  ] as const)(
    "a body that ends in a %s after %i bytes is retried and completed",
    async (kind, afterBytes) => {
      await using f = await createTransferFixture();
      f.server.serve("/file", small);
      f.server.fail("/file", { kind, afterBytes });
      expect(await f.download({ retries: () => 1 })).toMatchObject({ sizeBytes: 10_000 });
      expect(await f.readPart()).toEqual(small);
    },
  );

  test("a chunked body that breaks off is not taken for the whole", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: small, isChunked: true, hasRanges: false });
    f.server.fail("/file", { kind: "truncate", afterBytes: 5_000 });
    expect(await failureOf(f.download())).toMatchObject({ code: "E_NET" });
  });

  test("a body that ends in order, but before the range it claims to be, is completed", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    f.server.fail("/file", { kind: "short", bytes: 4_000 });
    expect((await failureOf(f.download())).message).toContain("broke off after 4000 of 10000 bytes");
    expect(await f.download()).toMatchObject({ resumedBytes: 4_000, downloadedBytes: 6_000 });
    expect(await f.readPart()).toEqual(small);
  });

  test("more bytes than declared are refused before they are fetched", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    const refused = f.download({ expectedBytes: 1000 });
    expect(await failureOf(refused)).toMatchObject({
      code: "E_VERIFY",
      details: { expected: 1000, found: large.length },
    });
    expect(await Bun.file(f.partPath).exists()).toBe(false);
  });

  test("an endless body is cut off at the declared size", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", { content: large, hasRanges: false, isChunked: true });
    expect(await failureOf(f.download({ expectedBytes: 1000 }))).toMatchObject({ code: "E_VERIFY" });
  });

  test("silence within a body ends at the stall limit, and what came is kept", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    f.server.fail("/file", { kind: "stall", afterBytes: 4_000 });
    const stallMs = 20_000;
    const clock = createLeapingClock();
    let lookForStall: () => void = () => undefined;
    const stalled = f.download({
      limitsPatch: { stallMs },
      clock: {
        ...clock,
        schedule(callback, delayMs) {
          if (delayMs !== stallMs) return clock.schedule(callback, delayMs);
          lookForStall = callback;
          return { [Symbol.dispose]: () => undefined };
        },
      },
      onProgress(doneBytes) {
        if (doneBytes < 4_000) return;
        clock.leap(stallMs);
        lookForStall();
      },
    });
    expect((await failureOf(stalled)).message).toContain("sent nothing for 20 s");
    expect(await f.download()).toMatchObject({ resumedBytes: 4_000 });
  });

  test("a body that keeps coming may take as long as it likes", async () => {
    await using f = await createTransferFixture();
    const clock = createManualClock();
    f.server.serve("/file", large);
    f.server.bytesPerSecond = 2_000_000; // in small pieces
    // Each piece comes 12 s after the one before: never a silence of 30 s, and longer in all than any limit.
    const onProgress = (): void => clock.advance(12_000);
    expect(await f.download({ clock, onProgress, limitsPatch: { connections: 1 } })).toMatchObject({
      sizeBytes: large.length,
    });
    expect(clock.nowMs()).toBeGreaterThan(60_000);
  });

  test("a server that never answers is left at the header limit", async () => {
    await using f = await createTransferFixture();
    f.server.failAlways("/file", { kind: "silence" });
    const silent = f.download({ headerTimeoutMs: () => 50 });
    expect(await failureOf(silent)).toMatchObject({
      code: "E_NET",
      message: expect.stringContaining("0.05 s"),
    });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("status %i is tried again", async (status) => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    f.server.fail("/file", { kind: "status", status }, { kind: "status", status });
    expect(await f.download({ retries: () => 2 })).toMatchObject({ sizeBytes: 10_000 });
    expect(f.server.requests.length).toBe(3);
  });

  test.each([
    [400, "E_NET"],
    [401, "E_PERM"],
    [403, "E_PERM"],
    [404, "E_NOT_FOUND"],
    [410, "E_NOT_FOUND"],
  ] as const)("status %i is %s at once", async (status, code) => {
    await using f = await createTransferFixture();
    f.server.failAlways("/file", { kind: "status", status });
    const refused = f.download({ retries: () => 5 });
    expect(await failureOf(refused)).toMatchObject({ code, details: { status, source: "the file" } });
    expect(f.server.requests.length).toBe(1);
  });

  test("attempts end", async () => {
    await using f = await createTransferFixture();
    f.server.failAlways("/file", { kind: "status", status: 503 });
    expect(await failureOf(f.download({ retries: () => 2 }))).toMatchObject({ code: "E_NET" });
    expect(f.server.requests.length).toBe(3);
  });

  test("each retry uses fewer connections", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    f.server.bytesPerSecond = 3_000_000;
    f.server.fail("/file", ...Array.from({ length: 8 }, () => ({ kind: "status", status: 503 }) as const));
    await f.download({ retries: () => 8 });
    expect(f.server.peakConcurrency).toBe(1);
    expect(await f.readPart()).toEqual(large);
  });

  test("a server that serves one connection is left at one, and its refusals cost no attempt", async () => {
    await using f = await createTransferFixture();
    let busy = 0;
    let [refused, served] = [0, 0];
    using server = Bun.serve({
      port: 0,
      fetch(request) {
        if (busy > 0) {
          refused += 1;
          return new Response("one at a time", { status: 503 });
        }
        busy += 1;
        served += 1;
        const [start = 0, last = 0] = (request.headers.get("range") ?? "")
          .slice("bytes=".length)
          .split("-")
          .map(Number);
        const body = large.subarray(start, Math.min(last + 1, large.length));
        const send = new ReadableStream({
          async start(controller) {
            for (let at = 0; at < body.length; at += 8_192) {
              // Before its last bytes: the client may be back as soon as it has them.
              if (at + 8_192 >= body.length) busy -= 1;
              controller.enqueue(body.slice(at, at + 8_192));
              await Bun.sleep(1);
            }
            controller.close();
          },
        });
        return new Response(send, {
          status: 206,
          headers: {
            etag: '"v"',
            "content-range": `bytes ${start}-${start + body.length - 1}/${large.length}`,
          },
        });
      },
    });
    await f.download({ url: `${server.url.origin}/file`, retries: () => 0 });
    expect(await f.readPart()).toEqual(large);
    expect(served).toBe(8);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(3);
  });

  test("connections that break together are one failure, and the bytes that came are kept", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    const bothAreHeard = Promise.withResolvers<void>();
    const cut = { kind: "reset", afterBytes: 20_000, until: bothAreHeard.promise } as const;
    f.server.fail("/file", cut, cut);
    const download = f.download({
      retries: () => 1,
      limitsPatch: { connections: 2 },
      onProgress(doneBytes) {
        if (doneBytes >= 40_000) bothAreHeard.resolve();
      },
    });
    expect(await download).toMatchObject({ sizeBytes: large.length });
    expect(await f.readPart()).toEqual(large);
    expect(f.server.sentBytes).toBeLessThan(large.length + 40_000);
  });

  test("a slow connection is helped by one that has nothing left", async () => {
    await using f = await createTransferFixture();
    const content = makeBytes(8 << 20, 5);
    f.server.serve("/file", content);
    f.server.bytesPerSecond = 1_000_000;
    const first = f.server.waitForRequest(() => true);
    const download = f.download({ limitsPatch: { pieceBytes: 16 << 20, connections: 4 } });
    await first;
    // One range, since the file is not longer than a piece; the others come to it when it turns out to be slow.
    await f.server.waitForRequest(({ headers }) => !headers["range"]?.startsWith("bytes=0-"));
    f.server.bytesPerSecond = null;
    await download;
    expect(await f.readPart()).toEqual(content);
    expect(f.server.peakConcurrency).toBeGreaterThan(1);
  });

  test("a server whose bytes keep changing is given up", async () => {
    await using f = await createTransferFixture();
    let version = 0;
    f.server.respond(() => ({ content: large, etag: `"${version++}"` }));
    const changing = f.download({ limitsPatch: { connections: 1 } });
    expect((await failureOf(changing)).message).toContain("changes while it is fetched");
  });

  test("no room is asked about before the body, and nothing is written then", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    const reserve = (bytes: number): Promise<void> =>
      Promise.reject(new AppError("E_DISK", `no room for ${bytes}`));
    expect((await failureOf(f.download({ reserve }))).message).toContain(`no room for ${large.length}`);
    expect(await Bun.file(f.partPath).exists()).toBe(false);
  });
});

describe("waiting", () => {
  test("Retry-After is what is waited", async () => {
    await using f = await createTransferFixture();
    const clock = createManualClock();
    f.server.serve("/file", small);
    f.server.fail("/file", { kind: "status", status: 429, headers: { "retry-after": "7" } });
    const waits: number[] = [];
    const download = f.download({
      retries: () => 1,
      clock: {
        ...clock,
        schedule(callback, delayMs) {
          waits.push(delayMs);
          // Only the pause between the attempts is let pass.
          if (delayMs === 7000) queueMicrotask(callback);
          return { [Symbol.dispose]: () => undefined };
        },
      },
    });
    expect(await download).toMatchObject({ sizeBytes: 10_000 });
    expect(waits).toContain(7000);
  });

  test("a Retry-After of more than five minutes is not waited for", async () => {
    await using f = await createTransferFixture();
    f.server.failAlways("/file", { kind: "status", status: 503, headers: { "retry-after": "3600" } });
    const refused = f.download({ retries: () => 5 });
    expect(await failureOf(refused)).toMatchObject({
      code: "E_NET",
      message: expect.stringContaining("60 minutes"),
    });
    expect(f.server.requests.length).toBe(1);
  });

  test("an abort stops a body that is under way, and keeps what came", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", small);
    f.server.fail("/file", { kind: "stall", afterBytes: 4_000 });
    const abort = new AbortController();
    const download = f.download({
      signal: abort.signal,
      onProgress: (doneBytes) => {
        if (doneBytes === 4_000) abort.abort();
      },
    });
    expect(await failureOf(download)).toMatchObject({ code: "E_INTERRUPTED" });
    expect(await f.download()).toMatchObject({ resumedBytes: 4_000 });
  });

  test("progress ends at the whole", async () => {
    await using f = await createTransferFixture();
    f.server.serve("/file", large);
    const seen: [number, number | null][] = [];
    await f.download({ onProgress: (done, total) => void seen.push([done, total]) });
    expect(seen.at(-1)).toEqual([large.length, large.length]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((a, b) => a - b));
  });
});
