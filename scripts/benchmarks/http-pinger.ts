// Asks a server for its health every 5 ms, in a process of its own, until its input ends. Prints the answers' times as JSON:
// each from the moment at which it was due, so that a pause of the server counts whole. Argument: url.
const [url = ""] = process.argv.slice(2);
const everyMs = 5;

const times: number[] = [];
let isOver = false;
void Bun.stdin.text().then(() => {
  isOver = true;
});
await fetch(url);
console.log("ready");
for (let dueMs = performance.now(); !isOver; dueMs += everyMs) {
  const early = dueMs - performance.now();
  if (early > 0) await Bun.sleep(early);
  await (await fetch(url)).arrayBuffer();
  const lateMs = performance.now() - dueMs;
  times.push(lateMs);
  // Those that were due meanwhile were kept waiting by the same pause: they do not count again.
  dueMs += Math.floor(lateMs / everyMs) * everyMs;
}
console.log(JSON.stringify(times));
