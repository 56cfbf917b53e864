import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import { createServer } from "../../../src/server/create-server.ts";
import { createFakeServices, untilAborted } from "../../support/fake-services.ts";
import { readSse, startTestServer } from "../../support/http-server.ts";

const post = { method: "POST" };

describe("assets", () => {
  test("are listed with what is here", async () => {
    const response = await createServer(createFakeServices()).request("/v1/assets");
    expect(await response.json()).toEqual({
      assets: [
        {
          name: "kokoro",
          version: "1.0",
          asset_type: "model",
          source_type: "hf",
          checksum: "sha256:00",
          status: "not cached",
          path: "/assets/kokoro",
          size_bytes: 1000,
        },
      ],
    });
  });

  test("come with their progress, the result last", async () => {
    await using server = startTestServer();
    const { services } = server;
    const response = await fetch(`${server.url}/v1/assets/kokoro/download?force=true`, post);
    const events = [];
    for await (const event of readSse(response)) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      "asset-phase-start",
      "asset-progress",
      "asset-progress",
      "asset-download-end",
    ]);
    expect(events.at(1)).toMatchObject({ done_bytes: 500, total_bytes: 1000, bytes_per_second: 5 });
    expect(events.at(-1)).toMatchObject({ asset: "kokoro", from_cache: false, downloaded_bytes: 1000 });
    expect(services.assets.ensureCalls[0]).toMatchObject({
      name: "kokoro",
      options: { forceDownload: true },
    });
  });

  test("progress of other assets stays out of it", async () => {
    const services = createFakeServices();
    services.assets.download = async () => {
      services.events.emit(Object.assign({ type: "asset-phase-start" }, { asset: "other", phase: "lock" }));
    };
    const response = await createServer(services).request("/v1/assets/kokoro/download", post);
    expect(await response.text()).not.toContain("other");
  });

  test("a failure before the first event is a plain error with its status", async () => {
    const services = createFakeServices();
    services.assets.download = () => Promise.reject(new AppError("E_NET", "offline: kokoro is not here"));
    const response = await createServer(services).request("/v1/assets/kokoro/download", post);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ success: false, error_code: "E_NET" });
  });

  test("a failure after it is the last event", async () => {
    await using server = startTestServer();
    const { services } = server;
    services.assets.download = (name) => {
      services.events.emit(Object.assign({ type: "asset-phase-start" }, { asset: name, phase: "space" }));
      return Promise.reject(new AppError("E_DISK", "no space", { neededBytes: 5 }));
    };
    const response = await fetch(`${server.url}/v1/assets/kokoro/download`, post);
    const events = [];
    for await (const event of readSse(response)) events.push(event);
    expect(events.at(-1)).toEqual({
      type: "error",
      success: false,
      message: "no space",
      error_code: "E_DISK",
      data: { neededBytes: 5 },
    });
  });

  test("one who leaves cancels the download and gives up its part; a stopping server keeps it", async () => {
    for (const leaves of [true, false]) {
      const services = createFakeServices();
      const stopped = Promise.withResolvers<AppError>();
      services.assets.download = async (name, { signal }) => {
        services.events.emit(
          Object.assign({ type: "asset-phase-start" }, { asset: name, phase: "download" }),
        );
        await untilAborted(signal).catch(stopped.resolve);
        throw new AppError("E_INTERRUPTED", "cancelled");
      };
      await using server = startTestServer(services, { drainMs: 1 });
      const leaving = new AbortController();
      const response = await fetch(`${server.url}/v1/assets/kokoro/download`, {
        ...post,
        signal: leaving.signal,
      });
      response.text().catch(() => undefined);
      if (leaves) leaving.abort();
      else void server.drain();
      expect(await stopped.promise).toMatchObject({ code: "E_INTERRUPTED", details: { discard: leaves } });
    }
  });

  test("what is under way shows its rate and the time left", async () => {
    const services = createFakeServices();
    const server = createServer(services);
    const progress = { asset: "kokoro", phase: "download", doneBytes: 250, totalBytes: 1000 };
    const emit = (type: string, more: object): void =>
      services.events.emit(Object.assign({ type }, progress, more));
    const readActivity = async () => {
      const { assets } = (await (await server.request("/v1/assets")).json()) as {
        assets: { activity?: unknown }[];
      };
      return assets[0]?.activity;
    };
    expect(await readActivity()).toBeUndefined();
    emit("asset-progress", { bytesPerSecond: 100 });
    const activity = { phase: "download", done_bytes: 250, total_bytes: 1000 };
    expect(await readActivity()).toEqual({ ...activity, bytes_per_second: 100, seconds_left: 8 });
    emit("asset-progress", { bytesPerSecond: 0 });
    expect(await readActivity()).toEqual({ ...activity, bytes_per_second: 0, seconds_left: null });
    emit("asset-download-fail", { error: new Error("gone") });
    expect(await readActivity()).toBeUndefined();
  });

  test("are cancelled by name, and whoever listens hears of it", async () => {
    await using server = startTestServer();
    const { services } = server;
    const begun = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    services.assets.download = async (name) => {
      services.events.emit(Object.assign({ type: "asset-phase-start" }, { asset: name, phase: "download" }));
      begun.resolve();
      await cancelled.promise;
      throw new AppError("E_INTERRUPTED", "kokoro: cancelled", { discard: true });
    };
    services.assets.cancel = async () => {
      cancelled.resolve();
      return true;
    };
    const stream = await fetch(`${server.url}/v1/assets/kokoro/download`, post);
    await begun.promise;
    const answer = await fetch(`${server.url}/v1/assets/kokoro/download`, { method: "DELETE" });
    expect(await answer.json()).toEqual({ success: true, cancelled: true });
    const events = [];
    for await (const event of readSse(stream)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: "error", error_code: "E_INTERRUPTED" });
  });

  test("come in the background when nobody stays, and a failure there is nobody's problem", async () => {
    const services = createFakeServices();
    services.assets.download = () => Promise.reject(new AppError("E_NET", "offline"));
    const response = await createServer(services).request(
      "/v1/assets/kokoro/download?background=true&force=true",
      post,
    );
    expect([response.status, await response.json()]).toEqual([202, { success: true, asset: "kokoro" }]);
    expect(services.assets.ensureCalls).toEqual([{ name: "kokoro", options: { forceDownload: true } }]);
  });

  test("that are in use go when that is forced", async () => {
    const services = createFakeServices();
    const calls: unknown[] = [];
    services.assets.remove = async (name, { force = false } = {}) => {
      calls.push([name, force]);
      if (!force) throw new AppError("E_BUSY", "kokoro is in use by process 7; stop it first");
      return { freedBytes: 0 };
    };
    const server = createServer(services);
    const refused = await server.request("/v1/assets/kokoro", { method: "DELETE" });
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ error_code: "E_BUSY" }),
    ]);
    const forced = await server.request("/v1/assets/kokoro?force=true", { method: "DELETE" });
    expect(await forced.json()).toEqual({ success: true, removed: [], freed_bytes: 0 });
    expect(calls).toEqual([
      ["kokoro", false],
      ["kokoro", true],
    ]);
  });

  test("a check names the files that are not as they should be", async () => {
    const services = createFakeServices();
    const badFiles = [{ path: "a.bin", expected: "sha256:00", found: null }];
    services.assets.verify = async () => [
      { name: "kokoro", status: "changed", expected: "sha256:01", found: "sha256:02", badFiles },
    ];
    const response = await createServer(services).request("/v1/assets/kokoro/verify", post);
    expect(await response.json()).toMatchObject({ success: false, assets: [{ bad_files: badFiles }] });
  });

  test("are verified and removed by name", async () => {
    const services = createFakeServices();
    const server = createServer(services);
    await (await server.request("/v1/assets/kokoro/download", post)).text();
    expect(await (await server.request("/v1/assets/kokoro/verify", post)).json()).toEqual({
      success: true,
      assets: [{ name: "kokoro", status: "ok", expected: "sha256:00", found: "sha256:00" }],
    });
    const removal = await server.request("/v1/assets/kokoro", { method: "DELETE" });
    expect(await removal.json()).toEqual({ success: true, removed: ["kokoro"], freed_bytes: 1000 });
  });

  test("an unknown name is 404 for each of them", async () => {
    const server = createServer(createFakeServices());
    const requests = [
      server.request("/v1/assets/nope/download", post),
      server.request("/v1/assets/nope/verify", post),
      server.request("/v1/assets/nope", { method: "DELETE" }),
    ];
    for (const response of await Promise.all(requests)) {
      expect([response.status, await response.json()]).toEqual([
        404,
        expect.objectContaining({ error_code: "E_NOT_FOUND" }),
      ]);
    }
  });
});
