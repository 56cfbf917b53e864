// What kind of archive a file is, told from its first bytes.
import { open } from "node:fs/promises";
import type { ArchiveFormat } from "../asset-schema.ts";

const tarMagicOffset = 257;

/** What the file looks like; null for anything else. An old tar without a magic is told by its checksum. */
export async function probeArchiveFormat(path: string): Promise<ArchiveFormat | null> {
  const file = await open(path, "r");
  try {
    const head = new Uint8Array(512);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return selectFormat(head.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function selectFormat(head: Uint8Array): ArchiveFormat | null {
  const text = Buffer.from(head).toString("latin1");
  // An ordinary zip, an empty one, and one that was split and joined again.
  if (["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].includes(text.slice(0, 4))) return "zip";
  if (text.startsWith("\x1f\x8b")) return "tar.gz";
  if (/^BZh[1-9]/.test(text)) return "tar.bz2";
  if (head.length < 512) return null;
  if (text.startsWith("ustar", tarMagicOffset)) return "tar";
  const written = Number.parseInt(text.slice(148, 156).trim(), 8);
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return written === sum ? "tar" : null;
}
