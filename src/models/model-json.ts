// The wire form of models, the same from the command line and over HTTP.
import type { ModelDescription } from "./describe-model.ts";
import type { ModelSummary } from "./hub/port.ts";

export const encodeSummary = (model: ModelSummary) => ({
  model_id: model.modelId,
  last_modified: model.lastModified,
  likes: model.likes,
  downloads: model.downloads,
  library_name: model.libraryName,
  license: model.license,
  gated: model.gated,
  tags: [...model.tags],
});

export function encodeDescription(description: ModelDescription) {
  const { model, variants, header, installation, warnings } = description;
  return {
    model_id: model.modelId,
    revision: model.revision,
    commit: model.commit,
    license: model.license,
    gated: model.gated,
    library_name: model.libraryName,
    last_modified: model.lastModified,
    likes: model.likes,
    downloads: model.downloads,
    tags: [...model.tags],
    files: model.files.map(({ path, sizeBytes, sha256 }) => ({
      path,
      size: sizeBytes,
      ...(sha256 !== null && { sha256 }),
    })),
    total_size: model.totalSizeBytes,
    file_count: model.files.length,
    ...(header && {
      header_file: header.path,
      ...(header.parameters !== null && { parameters: header.parameters }),
      ...(header.quantization !== null && { quantization: header.quantization }),
      ...(header.contextLength !== null && { context_length: header.contextLength }),
      ...(header.architecture !== null && { architecture: header.architecture }),
    }),
    variants: variants.map(({ name, quantization, files, sizeBytes }) => ({
      name,
      quantization,
      size: sizeBytes,
      files: files.map(({ path }) => path),
    })),
    installed: installation !== null,
    ...(installation && {
      installation: {
        install_path: installation.path,
        revision: installation.revision,
        commit: installation.commit,
        total_size: installation.sizeBytes,
      },
    }),
    warnings: [...warnings],
  };
}
