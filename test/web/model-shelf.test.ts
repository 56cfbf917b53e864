import { describe, expect, test } from "bun:test";
import { ApiFailure } from "../../src/web/api.ts";
import type { HubApi, InstalledModel } from "../../src/web/hub-api.ts";
import { createModelShelf } from "../../src/web/model-shelf.ts";
import { summarize } from "../../src/web/models-room.tsx";

const model = (model_id: string, pinned = false): InstalledModel => ({
  model_id,
  kind: "hub",
  library: "llama-cpp",
  total_size: 2 ** 20,
  installed_at: "2026-01-01T00:00:00Z",
  last_accessed: null,
  pinned,
  in_use: false,
});

function setUp(changes: Partial<HubApi> = {}) {
  let models = [model("a/one"), model("b/two")];
  const asked: string[] = [];
  const never = (): never => {
    throw new Error("not asked for here");
  };
  const hub: HubApi = {
    search: never,
    describe: never,
    showLicense: never,
    acceptLicense: never,
    judgeFit: never,
    install: never,
    cancel: never,
    listInstalled: async () => models,
    async pin(modelId, isPinned) {
      asked.push(`pin ${modelId} ${isPinned}`);
      models = models.map((one) => (one.model_id === modelId ? { ...one, pinned: isPinned } : one));
    },
    verify: async (modelId) => ({
      model_id: modelId,
      status: "bad",
      changed: [],
      missing: ["x.gguf"],
      extra: [],
    }),
    async remove(modelId) {
      asked.push(`remove ${modelId}`);
      models = models.filter((one) => one.model_id !== modelId);
      return { freed_bytes: 2 ** 20 };
    },
    async collect({ targetGb, isDryRun }) {
      asked.push(`collect ${targetGb} ${isDryRun}`);
      const gone = models[0] as InstalledModel;
      if (!isDryRun) models = models.slice(1);
      return {
        removed_models: [{ model_id: gone.model_id, size: 2 ** 20, path: "/x" }],
        freed_space: 2 ** 20,
        dry_run: isDryRun,
      };
    },
    ...changes,
  };
  const shelf = createModelShelf({ hub: () => hub });
  const ids = () => shelf.state.models?.map(({ model_id: id, pinned }) => (pinned ? `${id}*` : id));
  return { shelf, asked, ids };
}

describe("the shelf", () => {
  test("shows what is here, and what has been done with it", async () => {
    const { shelf, ids, asked } = setUp();
    await shelf.refresh();
    expect(ids()).toEqual(["a/one", "b/two"]);
    await shelf.pin("a/one", true);
    expect(ids()).toEqual(["a/one*", "b/two"]);
    await shelf.remove("b/two");
    expect(ids()).toEqual(["a/one*"]);
    expect(asked).toEqual(["pin a/one true", "remove b/two"]);
  });

  test("does a thing once however often one presses, and others beside it", async () => {
    const held = Promise.withResolvers<void>();
    const { shelf, asked } = setUp({
      pin: async (modelId) => {
        await held.promise;
        void modelId;
      },
    });
    const pinned = shelf.pin("a/one", true);
    await shelf.remove("a/one");
    expect([...shelf.state.busy]).toEqual(["a/one"]);
    await shelf.remove("b/two");
    held.resolve();
    await pinned;
    expect(asked).toEqual(["remove b/two"]);
    expect(shelf.state.busy.size).toBe(0);
  });

  test("tells what a check found until something else is done with the model", async () => {
    const { shelf } = setUp();
    await shelf.verify("a/one");
    expect(shelf.state.verdicts["a/one"]).toMatchObject({ status: "bad", missing: ["x.gguf"] });
    await shelf.pin("a/one", true);
    expect(shelf.state.verdicts).toEqual({});
  });

  test("a refusal is said, and the list stays", async () => {
    const { shelf, ids } = setUp({ remove: () => Promise.reject(new ApiFailure("E_BUSY", "it is in use")) });
    await shelf.refresh();
    await shelf.remove("a/one");
    expect(shelf.state.failure?.message).toBe("It is in use.");
    expect(ids()).toEqual(["a/one", "b/two"]);
    shelf.dismiss();
    expect(shelf.state.failure).toBeUndefined();
  });
});

describe("making room", () => {
  test("shows what would go before anything goes", async () => {
    const { shelf, ids, asked } = setUp();
    await shelf.refresh();
    await shelf.collect({ targetGb: 1, isDryRun: true });
    expect(shelf.state.collected).toMatchObject({ dry_run: true, freed_space: 2 ** 20 });
    expect(ids()).toHaveLength(2);
    await shelf.collect({ targetGb: 1, isDryRun: false });
    expect(shelf.state.collected?.dry_run).toBe(false);
    expect(ids()).toEqual(["b/two"]);
    expect(asked).toEqual(["collect 1 true", "collect 1 false"]);
  });

  test("another goal needs another look", async () => {
    const { shelf } = setUp();
    await shelf.collect({ targetGb: 1, isDryRun: true });
    shelf.forgetPlan();
    expect(shelf.state.collected).toBeUndefined();
  });

  test("that is refused removes nothing and says why", async () => {
    const { shelf } = setUp({
      collect: () => Promise.reject(new ApiFailure("E_SCHEMA", "the registry is damaged")),
    });
    await shelf.collect({ targetGb: 1, isDryRun: false });
    expect([shelf.state.failure?.message, shelf.state.collected, shelf.state.isCollecting]).toEqual([
      "The registry is damaged.",
      undefined,
      false,
    ]);
  });
});

test("the shelf in one line", () => {
  expect(summarize(undefined)).toBe("…");
  expect(summarize([])).toBe("None is installed.");
  expect(summarize([model("a/one")])).toBe("One is installed, 1.0 MiB.");
  expect(summarize([model("a/one"), { ...model("b/two"), total_size: null }])).toBe(
    "2 are installed, 1.0 MiB.",
  );
});
