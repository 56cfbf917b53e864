// Letting go of what an engine holds for us. One that fails at that has died, and holds nothing any more.

export async function release(held: AsyncDisposable | undefined): Promise<void> {
  try {
    await held?.[Symbol.asyncDispose]();
  } catch {
    return;
  }
}
