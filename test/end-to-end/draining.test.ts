// A server that is told to stop, as a process: running responses of voice sessions end, for a settable time, and then it
// says goodbye.
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { characterText } from "../support/character-files.ts";
import { eventually } from "../support/eventually.ts";
import { connectRealtime } from "../support/realtime-client.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

/** A server in a process of its own, whose one character replies with this. */
async function startProgram(reply: string, drainSeconds: number) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  await folder.write("cast/ada.ts", characterText({ members: `async *reply() { ${reply} }` }));
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", main, "serve", "--port", "0", "--characters", "cast", "--offline"],
    {
      cwd: folder.path,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: folder.path,
        TROUPE_REPLY_SOURCE: "none",
        TROUPE_DRAIN_SECONDS: String(drainSeconds),
      },
      stdout: "pipe",
      stderr: "ignore",
      timeout: 60_000,
    },
  );
  stack.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const { value } = await child.stdout.getReader().read();
  const url = /listening on http:(\S+)/.exec(new TextDecoder().decode(value))?.[1];
  // On a machine with much to do the stage opens before its character is on it.
  await eventually("the character", async () =>
    (await (await fetch(`http:${url}/v1/models`)).text()).includes(`"Ada"`),
  );
  const held = stack.move();
  return {
    url: `ws:${url}/v1/realtime`,
    child,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const inText = { type: "response.create", response: { output_modalities: ["text"] } };

test("SIGTERM lets a running response end, then closes with 1001 and status 0", async () => {
  const words = ["One", " two", " three", " four", " five", " six."];
  const reply = `for (const word of ${JSON.stringify(words)}) {
    yield word;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }`;
  await using program = await startProgram(reply, 30);
  await using client = await connectRealtime(program.url);
  client.send(inText);
  await client.waitFor("response.output_text.delta");
  program.child.kill("SIGTERM");
  expect(await client.closed).toEqual({ code: 1001, reason: "shutdown" });
  const [done] = client.ofType("response.done");
  expect(done?.["response"]).toMatchObject({ status: "completed" });
  expect(client.joined("response.output_text.delta")).toBe("One two three four five six.");
  expect(client.ofType("error")).toEqual([]);
  expect(await program.child.exited).toBe(0);
}, 60_000);

test("a response that does not end in that time is ended, with the reason", async () => {
  const reply = `yield "Listen."; await new Promise(() => setInterval(() => {}, 1000));`;
  await using program = await startProgram(reply, 0.2);
  await using client = await connectRealtime(program.url);
  client.send(inText);
  await client.waitFor("response.output_text.delta");
  program.child.kill("SIGTERM");
  expect(await client.closed).toEqual({ code: 1001, reason: "shutdown" });
  const [done] = client.ofType("response.done");
  expect(done?.["response"]).toMatchObject({
    status: "failed",
    status_details: { error: { code: "server_shutdown" } },
  });
  expect(await program.child.exited).toBe(0);
}, 60_000);

test("a session in which nobody speaks is let go of at once", async () => {
  await using program = await startProgram(`yield "Hi.";`, 30);
  await using client = await connectRealtime(program.url);
  await client.waitFor("session.created");
  program.child.kill("SIGTERM");
  expect(await client.closed).toEqual({ code: 1001, reason: "shutdown" });
  expect(await program.child.exited).toBe(0);
}, 60_000);
