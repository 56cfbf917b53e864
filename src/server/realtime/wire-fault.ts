// A client event that cannot be taken, with OpenAI's code and the field at fault. Thrown and caught within a codec.

export class WireFault extends Error {
  readonly code: string;
  readonly param: string | undefined;

  constructor(code: string, message: string, param?: string) {
    super(message);
    this.name = "WireFault";
    this.code = code;
    this.param = param;
  }
}
