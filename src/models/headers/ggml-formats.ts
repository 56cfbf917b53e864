// The number formats of GGUF files: how many bytes a tensor takes, and what a file's mixture is called.
// Ids and block sizes from llama.cpp (ggml.h's ggml_type, ggml-common.h's block structs, llama.h's llama_ftype).

export interface TensorFormat {
  name: string;
  /** Elements of one block; the innermost dimension is a multiple of it. */
  blockElements: number;
  blockBytes: number;
}

const format = (name: string, blockElements: number, blockBytes: number): TensorFormat => ({
  name,
  blockElements,
  blockBytes,
});

const tensorFormats: ReadonlyMap<number, TensorFormat> = new Map([
  [0, format("F32", 1, 4)],
  [1, format("F16", 1, 2)],
  [2, format("Q4_0", 32, 18)],
  [3, format("Q4_1", 32, 20)],
  [6, format("Q5_0", 32, 22)],
  [7, format("Q5_1", 32, 24)],
  [8, format("Q8_0", 32, 34)],
  [10, format("Q2_K", 256, 84)],
  [11, format("Q3_K", 256, 110)],
  [12, format("Q4_K", 256, 144)],
  [13, format("Q5_K", 256, 176)],
  [14, format("Q6_K", 256, 210)],
  [15, format("Q8_K", 256, 292)],
  [16, format("IQ2_XXS", 256, 66)],
  [17, format("IQ2_XS", 256, 74)],
  [18, format("IQ3_XXS", 256, 98)],
  [19, format("IQ1_S", 256, 50)],
  [20, format("IQ4_NL", 32, 18)],
  [21, format("IQ3_S", 256, 110)],
  [22, format("IQ2_S", 256, 82)],
  [23, format("IQ4_XS", 256, 136)],
  [24, format("I8", 1, 1)],
  [25, format("I16", 1, 2)],
  [26, format("I32", 1, 4)],
  [27, format("I64", 1, 8)],
  [28, format("F64", 1, 8)],
  [29, format("IQ1_M", 256, 56)],
  [30, format("BF16", 1, 2)],
  [34, format("TQ1_0", 256, 54)],
  [35, format("TQ2_0", 256, 66)],
  [39, format("MXFP4", 32, 17)],
  [40, format("NVFP4", 64, 36)],
  [41, format("Q1_0", 128, 18)],
  [42, format("Q2_0", 64, 18)],
]);

/** Undefined for a format that came later than this list. */
export const findTensorFormat = (id: number): TensorFormat | undefined => tensorFormats.get(id);

/** `general.file_type`; ids 4 to 6 and 33 to 35 are of mixtures that nobody writes any more. */
const fileTypes: ReadonlyMap<number, string> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [7, "Q8_0"],
  [8, "Q5_0"],
  [9, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K_S"],
  [12, "Q3_K_M"],
  [13, "Q3_K_L"],
  [14, "Q4_K_S"],
  [15, "Q4_K_M"],
  [16, "Q5_K_S"],
  [17, "Q5_K_M"],
  [18, "Q6_K"],
  [19, "IQ2_XXS"],
  [20, "IQ2_XS"],
  [21, "Q2_K_S"],
  [22, "IQ3_XS"],
  [23, "IQ3_XXS"],
  [24, "IQ1_S"],
  [25, "IQ4_NL"],
  [26, "IQ3_S"],
  [27, "IQ3_M"],
  [28, "IQ2_S"],
  [29, "IQ2_M"],
  [30, "IQ4_XS"],
  [31, "IQ1_M"],
  [32, "BF16"],
  [36, "TQ1_0"],
  [37, "TQ2_0"],
  [38, "MXFP4_MOE"],
  [39, "NVFP4"],
  [40, "Q1_0"],
  [41, "Q2_0"],
]);

export const findFileType = (id: number): string | undefined => fileTypes.get(id);

/** Longest first, so that Q4_K_M is not found as Q4_K. */
const namesInFiles = [...new Set([...fileTypes.values(), ...[...tensorFormats.values()].map((f) => f.name)])]
  .filter((name) => !/^[IF]\d+$/.test(name) || ["F16", "F32"].includes(name))
  .sort((a, b) => b.length - a.length);
const nameInFile = new RegExp(
  `(?:^|[-_./])((?:UD-)?(?:${namesInFiles.join("|")})(?:_X?L)?)(?=[-_.]|$)`,
  "gi",
);

/** The mixture that a file name ends with, such as "Q4_K_M" of "model-7b.Q4_K_M.gguf"; null where it says none. */
export function findQuantizationInName(path: string): string | null {
  return [...path.matchAll(nameInFile)].at(-1)?.[1]?.toUpperCase() ?? null;
}
