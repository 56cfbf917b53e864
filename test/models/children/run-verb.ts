// A process of its own that runs one verb on the models of a folder. Its argument: {verb, roots, endpoint, modelId?}.
import { createAssetStore } from "../../../src/assets/asset-store.ts";
import { createTokens } from "../../../src/assets/credentials.ts";
import { createRegistry } from "../../../src/assets/registry/registry.ts";
import { createUseLocks } from "../../../src/assets/registry/use-locks.ts";
import { systemClock as clock } from "../../../src/base/clock.ts";
import { createHubClient } from "../../../src/models/hub/hub-client.ts";
import { createModelLibrary } from "../../../src/models/model-library.ts";

const { verb, roots, endpoint, modelId } = JSON.parse(process.argv[2] ?? "{}");
const registry = createRegistry({}, roots);
const useLocks = createUseLocks(roots.modelsRoot, { clock });
await using store = createAssetStore({ registry }, { ...roots, catalogue: [], hubEndpoint: endpoint });
const hub = createHubClient(
  { fetch, clock },
  { endpoint, findToken: createTokens({}).find, isOffline: false, retryDelayMs: 1 },
);
const library = createModelLibrary({ store, registry, useLocks, hub }, { ...roots, quotaBytes: null });
console.log("ready");
if (verb === "download") await library.download({ modelId });
else if (verb === "gc") await library.collect({ targetBytes: 30_000 });
else if (verb === "migrate") await library.migrate({ findOldModels: null });
else if (verb === "use") {
  await useLocks.hold(modelId);
  console.log("in use");
  await new Promise(() => setInterval(() => undefined, 60_000));
}
console.log("done");
