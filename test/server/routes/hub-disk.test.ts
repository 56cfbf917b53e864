import { describe, expect, test } from "bun:test";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import type { AssetEvent } from "../../../src/assets/port.ts";
import { AppError } from "../../../src/base/errors.ts";
import type { EnsureRequest } from "../../../src/models/ensure/ensure-baselines.ts";
import { createServer } from "../../../src/server/create-server.ts";
import type { Services } from "../../../src/server/services.ts";
import { createLibraryFixture, someRepositories } from "../../models/library-fixture.ts";
import { createFakeServices } from "../../support/fake-services.ts";
import { readSse } from "../../support/http-server.ts";

async function createWorld(more: Partial<Services> = {}) {
  const fixture = await createLibraryFixture(someRepositories());
  const services = createFakeServices({ library: fixture.library, ...more });
  const server = createServer(services);
  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    Promise.resolve(
      server.request(path, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      }),
    );
  const ask = async (method: string, path: string, body?: unknown) => (await send(method, path, body)).json();
  return { ...fixture, services, send, ask, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

describe("all that is here, over HTTP", () => {
  test("is scanned, in the order and above the size that are asked for", async () => {
    await using w = await createWorld();
    await w.library.download({ modelId: "ann/talker" });
    await Bun.write(join(w.modelsRoot, "mine/stray.bin"), "x".repeat(2048));
    // The kernel's times lag some milliseconds behind the clock that stamps the records.
    const later = new Date(Date.now() + 60_000);
    await utimes(join(w.modelsRoot, "mine"), later, later);
    expect(await w.ask("GET", "/v1/hub/scan?sort=accessed")).toMatchObject({
      items: [
        { model_id: "ann/talker", known: true },
        { path: join(w.modelsRoot, "mine"), size: 2048, known: false },
      ],
    });
    const small = await w.ask("GET", "/v1/hub/scan?filter=size%3C3KB");
    expect(small).toMatchObject({ items: [{ size: 2048 }], total_size: 2048 });
    expect(await w.ask("GET", "/v1/hub/scan?filter=big")).toMatchObject({ error_code: "E_ARGS" });
  });

  test("is verified as a whole", async () => {
    await using w = await createWorld();
    const { installPath } = await w.library.download({ modelId: "ann/talker" });
    await Bun.write(join(installPath, "more.txt"), "more");
    const row = { model_id: "ann/talker", changed: [], missing: [], extra: ["more.txt"] };
    expect(await w.ask("POST", "/v1/hub/verify")).toEqual({ models: [{ ...row, status: "ok" }] });
    expect(await w.ask("POST", "/v1/hub/verify", { fail_on_extra_files: true })).toEqual({
      models: [{ ...row, status: "bad" }],
    });
  });

  test("is put in order, after a look at what that would do", async () => {
    await using w = await createWorld();
    const from = join(w.modelsRoot, "loose.gguf");
    const to = join(w.modelsRoot, "llama-cpp/unknown/loose/loose.gguf");
    await Bun.write(from, "g");
    const dry = await w.ask("POST", "/v1/hub/migrate", { dry_run: true });
    expect(dry).toMatchObject({ operation: "migrate", moved: [{ from, to }], dry_run: true });
    expect(await w.ask("POST", "/v1/hub/migrate")).toEqual({ ...dry, dry_run: false });
    expect(await Bun.file(to).text()).toBe("g");
  });

  test("is brought by name, with progress and what was done last", async () => {
    const asked: EnsureRequest[] = [];
    await using w = await createWorld({
      async ensureBaselines(request) {
        asked.push(request);
        if (request.tinyllama === true) throw new AppError("E_NET", "no answer");
        const start: AssetEvent = { type: "asset-phase-start", asset: "kokoro-82m-q8", phase: "download" };
        w.services.events.emit(start);
        return [{ name: "kokoro", status: "installed", path: "/m/kokoro" }];
      },
    });
    const body = { basic_cls: true, whisper: "base", providers: ["tts.kokoro"] };
    const events = await Array.fromAsync(readSse(await w.send("POST", "/v1/hub/ensure", body)));
    expect(events).toEqual([
      { type: "asset-phase-start", asset: "kokoro-82m-q8", phase: "download" },
      {
        type: "hub-ensure-end",
        operations: [{ name: "kokoro", status: "installed", path: "/m/kokoro" }],
      },
    ]);
    expect(asked).toMatchObject([{ basicCls: true, whisper: "base", providers: ["tts.kokoro"] }]);
    const refused = await w.send("POST", "/v1/hub/ensure", { tinyllama: true });
    expect([refused.status, (await refused.json()).error_code]).toEqual([502, "E_NET"]);
  });

  test("is changed by nobody without the key", async () => {
    await using w = await createWorld({ access: { apiKeys: ["k"], allowedOrigins: [] } });
    for (const path of ["verify", "migrate", "ensure"]) {
      expect((await w.send("POST", `/v1/hub/${path}`, {})).status).toBe(401);
    }
  });
});
