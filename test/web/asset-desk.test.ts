// What the downloads room asks of the server, against the real routes on a store in memory.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createServer } from "../../src/server/create-server.ts";
import { type Api, ApiFailure, createApi } from "../../src/web/api.ts";
import { type AssetDeskState, createAssetDesk } from "../../src/web/asset-desk.ts";
import { summarize } from "../../src/web/downloads-room.tsx";
import { createFakeServices } from "../support/fake-services.ts";

function setUp() {
  const services = createFakeServices();
  const server = createServer(services);
  const asked: string[] = [];
  const api: Api = createApi(
    {
      fetch: (path, init) => {
        if (init.method !== "GET") asked.push(`${init.method} ${path}`);
        return server.request(path, init);
      },
    },
    { apiKey: undefined },
  );
  const desk = createAssetDesk({ api: () => api });
  const seen: AssetDeskState[] = [];
  desk.subscribe(() => seen.push(desk.state));
  return { desk, services, asked, seen };
}
const statusOf = ({ assets }: AssetDeskState): unknown => assets?.map(({ name, status }) => [name, status]);

describe("the desk", () => {
  test("lists what there is", async () => {
    const { desk } = setUp();
    expect(desk.state.assets).toBeUndefined();
    await desk.refresh();
    expect(statusOf(desk.state)).toEqual([["kokoro", "not cached"]]);
  });

  test("begins a download that needs nobody to stay, and one that brings it anew", async () => {
    const { desk, services, asked } = setUp();
    await desk.download("kokoro");
    await desk.download("kokoro", { force: true });
    expect(asked).toEqual([
      "POST /v1/assets/kokoro/download?background=true",
      "POST /v1/assets/kokoro/download?background=true&force=true",
    ]);
    expect(services.assets.ensureCalls.map(({ options }) => options.forceDownload)).toEqual([false, true]);
  });

  test("cancels what comes, models of the hub under their ids", async () => {
    const { desk, asked } = setUp();
    await desk.cancel("kokoro");
    await desk.cancel("Qwen/Qwen3-0.6B-GGUF");
    expect(asked).toEqual([
      "DELETE /v1/assets/kokoro/download",
      "DELETE /v1/hub/models/Qwen%2FQwen3-0.6B-GGUF/download",
    ]);
  });

  test("shows what it waits for, and does it once however often one presses", async () => {
    const { desk, services, seen, asked } = setUp();
    const held = Promise.withResolvers<void>();
    const { remove } = services.assets;
    services.assets.remove = async (name) => {
      await held.promise;
      return remove(name);
    };
    services.assets.rows[0]!.status = "cached";
    const removed = desk.remove("kokoro");
    expect(desk.state.busy).toEqual({ kokoro: "remove" });
    await desk.remove("kokoro");
    await desk.cancel("kokoro");
    held.resolve();
    await removed;
    expect(asked).toEqual(["DELETE /v1/assets/kokoro"]);
    expect(desk.state.busy).toEqual({});
    expect(statusOf(desk.state)).toEqual([["kokoro", "not cached"]]);
    expect(seen.length).toBeGreaterThan(1);
  });

  test("cancels by name", async () => {
    const { desk, services, asked } = setUp();
    let cancelled = "";
    services.assets.cancel = async (name) => {
      cancelled = name;
      return true;
    };
    await desk.cancel("kokoro");
    expect([cancelled, asked]).toEqual(["kokoro", ["DELETE /v1/assets/kokoro/download"]]);
  });

  test("tells what a check found, until something else is done with it", async () => {
    const { desk, services } = setUp();
    const badFiles = [{ path: "model.onnx", expected: "sha256:00", found: null }];
    services.assets.verify = async () => [
      { name: "kokoro", status: "changed", expected: "sha256:00", found: "sha256:11", badFiles },
    ];
    await desk.verify("kokoro");
    expect(desk.state.verdicts["kokoro"]).toMatchObject({ status: "changed", bad_files: badFiles });
    await desk.download("kokoro", { force: true });
    expect(desk.state.verdicts).toEqual({});
  });

  test("a refusal is shown until it is dismissed or something else is tried, and harms nothing", async () => {
    const { desk, services } = setUp();
    services.assets.remove = () =>
      Promise.reject(new AppError("E_BUSY", "kokoro is in use by process 7; stop it first (--force)"));
    await desk.remove("kokoro");
    expect(desk.state.failure?.message).toContain("Kokoro is in use, by this server or by another program");
    expect(statusOf(desk.state)).toEqual([["kokoro", "not cached"]]);
    desk.dismiss();
    expect(desk.state.failure).toBeUndefined();
    await desk.remove("kokoro");
    await desk.verify("kokoro");
    expect(desk.state.failure).toBeUndefined();
  });

  test("of two questions under way, the newer one's answer counts", async () => {
    const answers: PromiseWithResolvers<Response>[] = [];
    const api = createApi(
      {
        fetch: () => {
          const answer = Promise.withResolvers<Response>();
          answers.push(answer);
          return answer.promise;
        },
      },
      { apiKey: undefined },
    );
    const desk = createAssetDesk({ api: () => api });
    const both = [desk.refresh(), desk.refresh()];
    answers[1]?.resolve(Response.json({ assets: [{ name: "new", status: "cached" }] }));
    await both[1];
    answers[0]?.resolve(Response.json({ assets: [{ name: "old", status: "cached" }] }));
    await both[0];
    expect(statusOf(desk.state)).toEqual([["new", "cached"]]);
  });

  test("a server that is away is a failure, not an empty list", async () => {
    const api = createApi({ fetch: () => Promise.reject(new TypeError("gone")) }, { apiKey: undefined });
    const desk = createAssetDesk({ api: () => api });
    await desk.refresh();
    expect(desk.state.assets).toBeUndefined();
    expect(desk.state.failure).toBeInstanceOf(ApiFailure);
  });
});

describe("all of it in one line", () => {
  const asset = (name: string, status: "cached" | "not cached", size_bytes: number | null) => ({
    name,
    status,
    size_bytes,
    version: "latest",
    asset_type: "model",
    source_type: "npm",
    checksum: null,
  });
  const assets = [
    asset("a", "cached", 2 ** 20),
    asset("b", "not cached", 2 ** 20),
    asset("c", "cached", null),
  ];
  const download = {
    asset: "b",
    phase: "download",
    doneBytes: 0,
    totalBytes: 100 * 2 ** 20,
    bytesPerSecond: 10 * 2 ** 20,
  };

  test("says what is here, what comes and when all of it will be", () => {
    expect(summarize(undefined, [])).toBe("…");
    expect(summarize(assets, [])).toBe("2 of 3 here, 1.0 MiB. Nothing is on its way.");
    expect(summarize(assets, [download, { ...download, asset: "c" }])).toBe(
      "2 of 3 here, 1.0 MiB. 2 on the way: 20 MiB/s, 10 s left.",
    );
    // Of one nobody knows yet how much there is.
    expect(summarize(assets, [download, { ...download, asset: "c", totalBytes: null }])).toBe(
      "2 of 3 here, 1.0 MiB. 2 on the way: 20 MiB/s.",
    );
    expect(summarize(assets, [{ ...download, bytesPerSecond: 0 }])).toBe(
      "2 of 3 here, 1.0 MiB. 1 on the way.",
    );
    expect(summarize(assets, [{ ...download, error: "no" }])).toBe(
      "2 of 3 here, 1.0 MiB. Nothing is on its way.",
    );
  });
});
