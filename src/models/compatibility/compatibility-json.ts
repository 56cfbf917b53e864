// The wire form of a machine and of what a model needs of it.
import type { Assessment } from "./assess-model.ts";
import type { Machine } from "./machine.ts";

export const encodeMachine = (machine: Machine) => ({
  platform: machine.platform,
  architecture: machine.architecture,
  cpu: { model: machine.cpu.model, cores: machine.cpu.cores, features: { ...machine.cpu.features } },
  memory: {
    total: machine.memory.totalBytes,
    available: machine.memory.availableBytes,
    limit: machine.memory.limitBytes,
  },
  disk: { path: machine.disk.path, free: machine.disk.freeBytes },
  gpus: machine.gpus.map((gpu) => ({
    name: gpu.name,
    memory_total: gpu.memoryBytes,
    memory_free: gpu.freeMemoryBytes,
    driver: gpu.driver,
  })),
});

/** Without a model it is about the machine alone. */
export function encodeAssessment({ machine, judged }: Assessment) {
  const fit = judged?.fit;
  return {
    system: encodeMachine(machine),
    model_requirements:
      judged === null
        ? null
        : {
            model_id: judged.modelId,
            format: judged.fit.needs.format,
            size: judged.fit.needs.sizeBytes,
            ram: judged.fit.needs.ramBytes,
            disk: judged.fit.needs.diskBytes,
            vram: judged.fit.needs.vramBytes,
            gpu_recommended: judged.fit.needs.isGpuRecommended,
          },
    compatibility: fit?.compatibility ?? ("ok" as const),
    warnings: [...(fit?.warnings ?? [])],
    recommendations: [...(fit?.recommendations ?? [])],
  };
}
