import { expect, test } from "bun:test";
import { ApiFailure, toApiFailure } from "../../src/web/api.ts";
import { createStore } from "../../src/web/create-store.ts";
import { createListReader } from "../../src/web/list-reader.ts";

interface State {
  list: readonly string[] | undefined;
  failure: ApiFailure | undefined;
}

function setUp() {
  const store = createStore<State>({ list: undefined, failure: undefined });
  const asked: (PromiseWithResolvers<Partial<State>> & { signal: AbortSignal })[] = [];
  const refresh = createListReader(store, (signal) => {
    const answer = { ...Promise.withResolvers<Partial<State>>(), signal };
    asked.push(answer);
    return answer.promise;
  });
  return { store, asked, refresh };
}

test("the newest question is the one whose answer counts, whichever answer comes first", async () => {
  const { store, asked, refresh } = setUp();
  const both = [refresh(), refresh()];
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  asked[1]?.resolve({ list: ["new"] });
  asked[0]?.resolve({ list: ["old"] });
  await Promise.all(both);
  expect(store.state.list).toEqual(["new"]);
});

test("what an earlier question failed at is not said", async () => {
  const { store, asked, refresh } = setUp();
  const both = [refresh(), refresh()];
  asked[0]?.reject(new DOMException("over", "AbortError"));
  asked[1]?.resolve({ list: [] });
  await Promise.all(both);
  expect(store.state).toEqual({ list: [], failure: undefined });
});

test("a server that is there again is not said to be away any more", async () => {
  const { store, asked, refresh } = setUp();
  const first = refresh();
  asked[0]?.reject(new TypeError("failed to fetch"));
  await first;
  expect(store.state.failure?.message).toBe("The server cannot be reached. Is it still running?");
  const second = refresh();
  asked[1]?.resolve({ list: ["here"] });
  await second;
  expect(store.state).toEqual({ list: ["here"], failure: undefined });
});

test("nor when it was something else that could not reach it", async () => {
  const { store, asked, refresh } = setUp();
  store.set({ failure: toApiFailure(new TypeError("failed to fetch")) });
  const reading = refresh();
  asked[0]?.resolve({ list: ["here"] });
  await reading;
  expect(store.state).toEqual({ list: ["here"], failure: undefined });
});

test("what the server could not reach for its part stays too", async () => {
  const { store, asked, refresh } = setUp();
  const failure = new ApiFailure("E_NET", "the hub cannot be reached", { status: 502 });
  store.set({ failure });
  const reading = refresh();
  asked[0]?.resolve({ list: [] });
  await reading;
  expect(store.state.failure).toBe(failure);
});

test("what else has failed stays until somebody has read it", async () => {
  const { store, asked, refresh } = setUp();
  const failure = new ApiFailure("E_QUOTA", "there is no room");
  store.set({ failure });
  const reading = refresh();
  asked[0]?.resolve({ list: [] });
  await reading;
  expect(store.state.failure).toBe(failure);
});
