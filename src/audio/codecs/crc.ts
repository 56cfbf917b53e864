// Cyclic checksums without reflection, one table lookup for each byte.

/** Begins with zero; `width` is 8, 16 or 32 bits. */
export function createCrc(polynomial: number, width: 8 | 16 | 32) {
  const top = 1 << (width - 1);
  const mask = width === 32 ? -1 : 2 ** width - 1;
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & top ? polynomial : 0)) & mask;
    return crc;
  });
  return (bytes: Uint8Array, start = 0, end = bytes.length): number => {
    let crc = 0;
    for (let i = start; i < end; i++) {
      const index = ((crc >>> (width - 8)) ^ (bytes[i] ?? 0)) & 0xff;
      crc = (((crc << 8) & mask) ^ (table[index] ?? 0)) >>> 0;
    }
    return crc;
  };
}
