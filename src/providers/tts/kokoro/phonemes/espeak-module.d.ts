// What is used of the package, which brings no types. eSpeak NG compiled to WebAssembly, all languages.
declare module "@echogarden/espeak-ng-emscripten" {
  interface EspeakVoice {
    identifier: string;
    name: string;
    languages: { name: string }[];
  }
  interface EspeakWorker {
    /** By name ("fr") or file ("gmw/en-US"); 0 on success, 2 when not found. */
    set_voice(name: string): number;
    /** Phonemes as a NUL-ended UTF-8 string in the module's memory, valid until the next call. */
    convert_to_phonemes(text: string, useIpa: boolean): { ptr: number };
    list_voices(): EspeakVoice[];
  }
  interface EspeakModule {
    eSpeakNGWorker: new () => EspeakWorker;
    HEAPU8: Uint8Array;
  }
  export default function createEspeak(): Promise<EspeakModule>;
}
