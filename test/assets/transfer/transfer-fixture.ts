// One download from a scripted server into a temporary folder.
import { join } from "node:path";
import {
  defaultTransferLimits,
  downloadFile,
  type DownloadOutcome,
  type DownloadRequest,
  type TransferLimits,
} from "../../../src/assets/transfer/download-file.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { type AssetServer, createAssetServer } from "../../support/asset-server.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { readBytes } from "../store-fixture.ts";

export interface TransferFixture extends AsyncDisposable {
  readonly server: AssetServer;
  readonly partPath: string;
  /** Fetches `/file`; defaults: 64 KiB pieces, no retries, bytes verified later. */
  download(
    request?: Partial<DownloadRequest> & { limitsPatch?: Partial<TransferLimits>; clock?: Clock },
  ): Promise<DownloadOutcome>;
  /** An earlier run that got so far and was stopped. */
  leavePart(doneBytes: number): Promise<void>;
  readPart(): Promise<Uint8Array>;
}

export async function createTransferFixture(): Promise<TransferFixture> {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const server = held.use(await createAssetServer());
  const partPath = join(folder.path, "downloads", "x.part");
  const download: TransferFixture["download"] = ({ limitsPatch, clock = systemClock, ...request } = {}) => {
    const limits = { ...defaultTransferLimits, pieceBytes: 64 << 10, ...limitsPatch };
    return downloadFile(
      { fetch, clock, random: () => 0.5 },
      {
        url: `${server.origin}/file`,
        label: "the file",
        partPath,
        expectedBytes: null,
        isVerifiedLater: true,
        limits,
        headerTimeoutMs: () => limits.headerMs,
        retries: () => 0,
        retryDelayMs: 1,
        signal: new AbortController().signal,
        ...request,
      },
    );
  };
  return {
    server,
    partPath,
    download,
    async leavePart(doneBytes) {
      server.fail("/file", { kind: "stall", afterBytes: doneBytes });
      const abort = new AbortController();
      const onProgress = (done: number): void => {
        if (done === doneBytes) abort.abort();
      };
      // A body that breaks off may take bytes along that had arrived already; one that was stopped does not.
      await download({ signal: abort.signal, onProgress, limitsPatch: { connections: 1 } }).catch(
        () => undefined,
      );
    },
    readPart: () => readBytes(partPath),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
