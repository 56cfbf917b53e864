// Style vectors of the voices: a file per voice, float32 [510, 1, 256]; the row depends on the number of phonemes.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, fromFileSystemError } from "../../../base/errors.ts";
import { maxPhonemes } from "./vocabulary.ts";
import type { VoiceShare } from "./voice-blend.ts";

export const styleLength = 256;

export interface VoiceStyles {
  /** The weighted mean of the voices' rows for an input of `phonemeCount` phonemes; the caller owns it. */
  getStyle(shares: readonly VoiceShare[], phonemeCount: number): Promise<Float32Array>;
}

/** `folder` holds `<voice>.bin`. A file is read once, when its voice is first used (0.5 MB each). */
export function createVoiceStyles(folder: string): VoiceStyles {
  const tables = new Map<string, Promise<Float32Array>>();

  const loadTable = async (voice: string): Promise<Float32Array> => {
    const path = join(folder, `${voice}.bin`);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw fromFileSystemError(error, path);
    });
    const wantedBytes = maxPhonemes * styleLength * 4;
    if (bytes.length !== wantedBytes) {
      const found = { path, expected: wantedBytes, found: bytes.length };
      throw new AppError(
        "E_VERIFY",
        `${path} has ${bytes.length} bytes, not ${wantedBytes}; download it again`,
        found,
      );
    }
    return new Float32Array(new Uint8Array(bytes).buffer);
  };

  return {
    async getStyle(shares, phonemeCount) {
      const row = Math.min(phonemeCount, maxPhonemes - 1);
      const style = new Float32Array(styleLength);
      for (const { voice, weight } of shares) {
        let table = tables.get(voice);
        if (!table) {
          table = loadTable(voice);
          tables.set(voice, table);
          // A file that comes back must be found.
          table.catch(() => tables.delete(voice));
        }
        const values = (await table).subarray(row * styleLength, (row + 1) * styleLength);
        for (const [i, value] of values.entries()) style[i] = (style[i] ?? 0) + weight * value;
      }
      return style;
    },
  };
}
