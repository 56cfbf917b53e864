// A process that takes a lock, says so, and holds it until it dies. Arguments: path, "kernel" or "owner".
import { createFileLocker } from "../../../src/base/file-lock.ts";

const [, , path = "", kind] = process.argv;
const locker = createFileLocker(kind === "owner" ? { flock: null } : {});
await using lease = await locker.lock(path);
console.log(`held ${lease.isKernelLock ? "by the kernel" : "by its owner file"}`);
await Bun.stdin.text(); // until it is killed, or its parent goes
