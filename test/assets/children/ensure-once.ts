// A process of its own that brings one asset and prints the result. Its argument: {name, options, exchange?}.
import { createAssetStore } from "../../../src/assets/asset-store.ts";

const { name, options } = JSON.parse(process.argv[2] ?? "{}");
await using store = createAssetStore(
  {
    emit: (event) => {
      if (event.type !== "asset-progress") console.log(JSON.stringify({ event: event.type }));
    },
  },
  options,
);
console.log(JSON.stringify({ ready: true }));
console.log(JSON.stringify({ result: await store.ensure(name) }));
