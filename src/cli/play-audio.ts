// The sound card through whichever player the system has.
import { AppError } from "../base/errors.ts";

/** Each reads a WAV file from standard input. */
const players: readonly (readonly string[])[] = [
  ["play", "-q", "-t", "wav", "-"],
  ["paplay"],
  ["aplay", "-q", "-"],
  ["ffplay", "-loglevel", "error", "-nodisp", "-autoexit", "-i", "-"],
];

/** Plays a WAV stream to its end. Throws E_COMPAT when there is no player, or when it cannot reach a device. */
export async function playWav(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const player = players.find(([program]) => program !== undefined && Bun.which(program) !== null);
  if (!player) {
    const names = players.map(([program]) => program).join(", ");
    throw new AppError(
      "E_COMPAT",
      `no audio player found (${names}); install one, or give --output FILE.wav`,
    );
  }
  const process = Bun.spawn([...player], { stdin: "pipe", stdout: "ignore", stderr: "pipe", signal });
  const complaint = new Response(process.stderr).text();
  for await (const chunk of chunks) {
    if (process.exitCode !== null) break;
    await process.stdin.write(chunk);
    await process.stdin.flush();
  }
  await process.stdin.end();
  if ((await process.exited) !== 0 && !signal.aborted) {
    const reason = (await complaint).trim().split("\n").at(-1) ?? "";
    throw new AppError(
      "E_COMPAT",
      `${player[0]} could not play: ${reason}; give --output FILE.wav to write a file instead`,
    );
  }
}
