import { describe, expect, test } from "bun:test";
import { ApiFailure } from "../../src/web/api.ts";
import type { Fit, HubApi, License, ModelDetails } from "../../src/web/hub-api.ts";
import { createModelFinder } from "../../src/web/model-finder.ts";

const GiB = 2 ** 30;
const details = (model_id: string, sizes: readonly number[] = [1, 2, 4]): ModelDetails => ({
  model_id,
  last_modified: null,
  likes: 1,
  downloads: 2,
  library_name: "gguf",
  license: "apache-2.0",
  gated: false,
  page_url: `https://hub.example/${model_id}`,
  commit: "abc",
  files: [
    ...sizes.map((size) => ({ path: `q${size}.gguf`, size: size * GiB })),
    { path: "README.md", size: 100 },
  ],
  total_size: 7 * GiB,
  file_count: sizes.length + 1,
  variants: sizes.map((size) => ({ name: `Q${size}`, size: size * GiB, files: [`q${size}.gguf`] })),
  installed: false,
  warnings: [],
});
const fitOf = (size: number): Fit => ({
  system: { memory: { total: 4 * GiB, available: 3 * GiB }, disk: { free: 100 * GiB } },
  model_requirements: { size, ram: size * 1.2, disk: size * 1.1 },
  compatibility: size * 1.2 > 4 * GiB ? "no" : "ok",
  warnings: [],
  recommendations: [],
});

/** Everything that it may be asked, answered as a small hub would. */
function setUp(changes: Partial<HubApi> = {}) {
  const asked: string[] = [];
  let license: License = { license_type: "llama3", requires_acceptance: true, accepted: false };
  const never = (): never => {
    throw new Error("not asked for here");
  };
  const hub: HubApi = {
    search: async ({ search }) => [details(`${search}/one`), details(`${search}/two`)],
    describe: async (modelId) => details(modelId),
    showLicense: async () => license,
    async acceptLicense(modelId, userId, licenseType) {
      asked.push(`accept ${modelId} ${userId} ${licenseType}`);
      license = { ...license, accepted: true };
    },
    async judgeFit(_modelId, files) {
      asked.push(`fit ${files?.join() ?? "all"}`);
      const size = Number(/q(\d)/.exec(files?.join() ?? "")?.[1] ?? 7);
      return fitOf(size * GiB);
    },
    async install(modelId, files) {
      asked.push(`install ${modelId} ${files?.join() ?? "all"}`);
    },
    async cancel(modelId) {
      asked.push(`cancel ${modelId}`);
    },
    listInstalled: never,
    pin: never,
    verify: never,
    remove: never,
    collect: never,
    ...changes,
  };
  return { finder: createModelFinder({ hub: () => hub }), asked };
}
const query = { search: "qwen", owner: "", sort: "downloads" } as const;

describe("searching", () => {
  test("lists what the hub has", async () => {
    const { finder } = setUp();
    const searching = finder.search(query);
    expect(finder.state.isSearching).toBe(true);
    await searching;
    expect(finder.state.isSearching).toBe(false);
    expect(finder.state.results?.map(({ model_id }) => model_id)).toEqual(["qwen/one", "qwen/two"]);
  });

  test("that finds nothing is no failure, one that cannot ask is", async () => {
    const nothing = setUp({
      search: () => Promise.reject(new ApiFailure("E_NOT_FOUND", "the hub has none")),
    });
    await nothing.finder.search(query);
    expect([nothing.finder.state.results, nothing.finder.state.failure]).toEqual([[], undefined]);
    const offline = setUp({ search: () => Promise.reject(new ApiFailure("E_NET", "it is offline")) });
    await offline.finder.search(query);
    expect(offline.finder.state.failure?.message).toBe("It is offline.");
    expect(offline.finder.state.isSearching).toBe(false);
    offline.finder.dismiss();
    expect(offline.finder.state.failure).toBeUndefined();
  });

  test("anew overtakes the search before, and closes what was looked at", async () => {
    const slow = Promise.withResolvers<ModelDetails[]>();
    const { finder } = setUp({
      search: ({ search }) => (search === "slow" ? slow.promise : Promise.resolve([details("fast/one")])),
    });
    await finder.search(query);
    await finder.look("fast/one");
    const overtaken = finder.search({ ...query, search: "slow" });
    await finder.search(query);
    slow.resolve([details("slow/one")]);
    await overtaken;
    expect(finder.state.results?.map(({ model_id }) => model_id)).toEqual(["fast/one"]);
    expect(finder.state.closeup).toBeUndefined();
  });
});

describe("looking closer", () => {
  test("another size, chosen while the first is still judged, leaves nothing unknown", async () => {
    const slow = Promise.withResolvers<Fit>();
    const { finder } = setUp({
      judgeFit: (_modelId, files) =>
        files?.join().includes("q1") ? slow.promise : Promise.resolve(fitOf(4 * GiB)),
    });
    const looking = finder.look("qwen/one");
    await new Promise<void>((resolve) => {
      const stop = finder.subscribe(() => {
        if (!finder.state.closeup?.details) return;
        stop();
        resolve();
      });
    });
    await finder.choose("Q4");
    slow.resolve(fitOf(GiB));
    await looking;
    // Without its licence it could never be installed.
    expect(finder.state.closeup).toMatchObject({
      variant: "Q4",
      variantFits: { Q1: "ok", Q2: "ok", Q4: "no" },
      fit: { compatibility: "no" },
      license: { license_type: "llama3" },
    });
  });

  test("chooses the largest size that fits this machine, and has the server judge just that one", async () => {
    const { finder, asked } = setUp();
    await finder.look("qwen/one");
    expect(finder.state.closeup).toMatchObject({
      modelId: "qwen/one",
      variant: "Q2",
      variantFits: { Q1: "ok", Q2: "ok", Q4: "no" },
      isBusy: false,
    });
    expect(finder.state.closeup?.fit?.model_requirements?.size).toBe(2 * GiB);
    expect(asked).toEqual(["fit q1.gguf,README.md", "fit q2.gguf,README.md"]);
  });

  test("at a model of one size judges the whole of it", async () => {
    const { finder, asked } = setUp({ describe: async (modelId) => details(modelId, []) });
    await finder.look("qwen/one");
    expect(asked).toEqual(["fit all"]);
    expect(finder.state.closeup).toMatchObject({ variant: undefined, fit: { compatibility: "no" } });
  });

  test("at another size asks about that one, and the last choice counts", async () => {
    const held = Promise.withResolvers<Fit>();
    let isHeld = false;
    const { finder } = setUp({
      judgeFit: async (_id, files) =>
        files?.includes("q1.gguf") && isHeld
          ? held.promise
          : fitOf(files?.includes("q4.gguf") ? 4 * GiB : GiB),
    });
    await finder.look("qwen/one");
    isHeld = true;
    const first = finder.choose("Q1");
    expect(finder.state.closeup).toMatchObject({ variant: "Q1", fit: undefined });
    await finder.choose("Q4");
    held.resolve(fitOf(GiB));
    await first;
    expect(finder.state.closeup).toMatchObject({ variant: "Q4", fit: { compatibility: "no" } });
  });

  test("a second time closes, and what still comes is not shown at another model", async () => {
    const slow = Promise.withResolvers<ModelDetails>();
    const { finder } = setUp({
      describe: (modelId) => (modelId === "slow/one" ? slow.promise : Promise.resolve(details(modelId))),
    });
    const looking = finder.look("slow/one");
    await finder.look("qwen/one");
    slow.resolve(details("slow/one"));
    await looking;
    expect(finder.state.closeup?.details?.model_id).toBe("qwen/one");
    await finder.look("qwen/one");
    expect(finder.state.closeup).toBeUndefined();
  });

  test("that fails says why, and can be tried again", async () => {
    let isOffline = true;
    const { finder } = setUp({
      describe: async (modelId) => {
        if (isOffline) throw new ApiFailure("E_LICENSE", "qwen/one asks who you are");
        return details(modelId);
      },
    });
    await finder.look("qwen/one");
    expect(finder.state.closeup).toMatchObject({ details: undefined, isBusy: false });
    expect(finder.state.closeup?.failure?.message).toBe("qwen/one asks who you are.");
    isOffline = false;
    await finder.refresh();
    expect(finder.state.closeup?.failure).toBeUndefined();
    expect(finder.state.closeup?.details?.model_id).toBe("qwen/one");
  });
});

describe("installing", () => {
  test("brings the size that was chosen, with what every size needs", async () => {
    const { finder, asked } = setUp();
    await finder.look("qwen/one");
    await finder.choose("Q4");
    await finder.install();
    await finder.cancel();
    expect(asked.slice(-2)).toEqual(["install qwen/one q4.gguf,README.md", "cancel qwen/one"]);
  });

  test("a licence is accepted in somebody's name, under the type that it has", async () => {
    const { finder, asked } = setUp();
    await finder.look("qwen/one");
    expect(finder.state.closeup?.license?.accepted).toBe(false);
    await finder.accept("Ada");
    expect(asked).toContain("accept qwen/one Ada llama3");
    expect(finder.state.closeup?.license?.accepted).toBe(true);
  });

  test("a refusal is shown where it was asked, and nowhere when that is closed", async () => {
    const held = Promise.withResolvers<void>();
    const { finder } = setUp({ install: () => held.promise });
    await finder.look("qwen/one");
    const installing = finder.install();
    await finder.look("qwen/two");
    held.reject(new ApiFailure("E_QUOTA", "there is no room"));
    await installing;
    expect(finder.state.closeup).toMatchObject({ modelId: "qwen/two", failure: undefined });
  });
});
