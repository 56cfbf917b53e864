// What a model remembers of a text, shortened to its beginning.

/**
 * The first `length` places of a cache [batch, heads, places, width], copied head by head: the library's own `slice` goes
 * number by number, which for the hundred million of a real model takes longer than to read the prompt again.
 */
export function cutSequence<T extends Float32Array | Uint16Array>(
  data: T,
  dims: readonly number[],
  length: number,
): { data: T; dims: number[] } {
  const [places = 0, width = 0] = dims.slice(-2);
  const outer = dims.slice(0, -2);
  const rows = outer.reduce((product, size) => product * size, 1);
  // Half floats come in an array of their own kind.
  const kept = new (data.constructor as new (size: number) => T)(rows * length * width);
  for (let row = 0; row < rows; row++) {
    const from = row * places * width;
    kept.set(data.subarray(from, from + length * width), row * length * width);
  }
  return { data: kept, dims: [...outer, length, width] };
}
