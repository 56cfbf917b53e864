import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  createHubClient,
  getModelFiles,
  isGgufRepo,
  listModelsForOwner,
  loadRegistry,
  parseOwnerRepo,
  resolveInstallRoot,
  updateRegistry,
} from "../../src/models/in-code.ts";
import { systemClock } from "../../src/base/clock.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { createHubFixture, textBytes } from "./hub/hub-fixture.ts";

test("a program finds a model, sees where it would lie, and keeps the registry", async () => {
  await using f = await createHubFixture({ "ada/tiny": { files: { "tiny.GGUF": textBytes("x") } } });
  await using folder = await createTempFolder();
  const modelsRoot = join(folder.path, "models");
  const hub = createHubClient(
    { fetch, clock: systemClock },
    { endpoint: f.server.origin, findToken: async () => null, isOffline: false },
  );
  const [model] = await listModelsForOwner(hub, { owner: "ada" });
  const modelId = model?.modelId ?? "";
  expect(parseOwnerRepo(modelId)).toEqual({ owner: "ada", repo: "tiny" });
  const files = await getModelFiles(hub, modelId);
  expect(isGgufRepo(files)).toBe(true);
  const place = resolveInstallRoot({ modelsRoot, modelId, files });
  expect(place).toEqual({ path: join(modelsRoot, "llama-cpp/ada/tiny"), library: "llama-cpp" });

  expect((await loadRegistry(modelsRoot)).size).toBe(0);
  await updateRegistry(modelsRoot, (records) => void records.set(modelId, { install_path: place.path }));
  expect((await loadRegistry(modelsRoot)).get(modelId)).toMatchObject({ install_path: place.path });
});
