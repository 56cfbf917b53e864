// A headless Chromium with an empty profile, whose microphone is a WAV file and whose loudspeaker is recorded.
import { chromium, type BrowserContextOptions, type Page } from "playwright-core";
import { decodeS16le } from "../../src/audio/pcm.ts";

export interface Browser extends AsyncDisposable {
  /** A page of its own context; what goes wrong inside is kept in `problems`. */
  open(url: string, options?: BrowserContextOptions): Promise<BrowserPage>;
}

export interface BrowserPage {
  page: Page;
  /** Errors thrown in the page, and lines on its console that say error. */
  problems: string[];
  /** 24 kHz: what has left the page's loudspeaker since the last time it was taken, from the moment it is recorded. */
  takeSound(): Promise<Float32Array>;
  /** Resolves when a loudspeaker has been opened and is recorded: a moment after the page opened it. */
  recorded(): Promise<void>;
}

export interface BrowserOptions {
  /** A WAV file, 48 kHz; it is played from its beginning when the page opens the microphone, again and again. */
  microphone?: string;
  /** The user refuses the microphone. */
  refusesMicrophone?: boolean;
}

export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const executablePath = Bun.which("chromium") ?? "/usr/bin/chromium";
  if (!(await Bun.file(executablePath).exists())) {
    throw new Error("the tests of the page need Chromium: apt-get install chromium (.ci/run does it)");
  }
  const { microphone, refusesMicrophone = false } = options;
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-device-for-media-stream",
      ...(microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`]),
    ],
  });
  return {
    async open(url, contextOptions = {}) {
      const context = await browser.newContext({
        viewport: { width: 1180, height: 760 },
        permissions: refusesMicrophone ? [] : ["microphone"],
        ...contextOptions,
      });
      // Of one wait; only what has gone wrong takes so long.
      context.setDefaultTimeout(30_000);
      const page = await context.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (line) => {
        if (line.type() === "error") problems.push(line.text());
      });
      await page.addInitScript(recordSound);
      await page.goto(url);
      return {
        page,
        problems,
        recorded: async () =>
          void (await page.waitForFunction(() => (globalThis as unknown as Recorder).isRecording)),
        async takeSound() {
          const base64 = await page.evaluate(() => (globalThis as unknown as Recorder).takeSound());
          return decodeS16le(Uint8Array.fromBase64(base64));
        },
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

interface Recorder {
  isRecording: boolean;
  soundSamples(): number;
  /** base64 of s16le */
  takeSound(): string;
}

/** Runs in the page before its own scripts: whatever is connected to a loudspeaker is connected to a recorder as well. */
function recordSound(): void {
  const recorded = globalThis as unknown as Recorder;
  const chunks: Float32Array[] = [];
  const connect = AudioNode.prototype.connect as (...args: unknown[]) => unknown;
  const record = async (node: AudioNode): Promise<void> => {
    const { context } = node;
    // The page's own way to samples, on the sound's own thread: a busy page loses none.
    await context.audioWorklet.addModule("/web/microphone-worklet.js");
    const recorder = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    recorder.port.addEventListener("message", ({ data }: MessageEvent<Float32Array>) => chunks.push(data));
    recorder.port.start();
    connect.call(node, recorder);
    recorded.isRecording = true;
  };
  AudioNode.prototype.connect = function (this: AudioNode, target: unknown, ...rest: unknown[]) {
    if (target instanceof AudioDestinationNode) void record(this);
    return connect.call(this, target, ...rest);
  } as typeof AudioNode.prototype.connect;
  recorded.isRecording = false;
  recorded.soundSamples = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  recorded.takeSound = () => {
    const all = chunks.splice(0);
    const samples = new Int16Array(all.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of all)
      for (const sample of chunk) samples[at++] = Math.max(-1, Math.min(1, sample)) * 32767;
    let text = "";
    for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  };
}
