import { expect, test } from "bun:test";
import { createStore } from "../../src/web/create-store.ts";

test("a change is told to whoever listens, and leaves the rest of the state as it was", () => {
  const start = { name: "Ada", count: 1 };
  const store = createStore(start);
  const seen: { name: string; count: number }[] = [];
  const leave = store.subscribe(() => seen.push(store.state));
  store.set({ count: 2 });
  leave();
  store.set({ name: "Grace" });
  expect(seen).toEqual([{ name: "Ada", count: 2 }]);
  expect(store.state).toEqual({ name: "Grace", count: 2 });
  expect(start).toEqual({ name: "Ada", count: 1 });
});
