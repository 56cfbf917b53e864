// The error that a promise rejects with. (Bun's `expect(…).rejects` blocks where it stands; this one is awaited.)
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof Error) return error as Error & Record<string, unknown>;
    throw error;
  }
  throw new Error(`expected a rejection, got ${Bun.inspect(value)}`);
}
