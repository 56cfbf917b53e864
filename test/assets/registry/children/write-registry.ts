// A process of its own that writes so many records, one update each. Its argument: {modelsRoot, prefix, count}.
import { createRegistry } from "../../../../src/assets/registry/registry.ts";

const { modelsRoot, prefix, count } = JSON.parse(process.argv[2] ?? "{}");
const registry = createRegistry({}, { modelsRoot });
console.log("ready");
try {
  for (let i = 0; i < count; i++) {
    await registry.update((records) => {
      records.set(`${prefix}/m${i}`, {
        license_accepted: { user_id: prefix, timestamp: "t", license_type: "x" },
      });
    });
  }
  console.log("done");
} catch (error) {
  console.log((error as { code?: string }).code);
}
