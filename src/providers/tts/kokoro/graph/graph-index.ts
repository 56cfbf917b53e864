// Who makes and who reads each tensor of a graph, and the removal of what nobody reads.
import type { OnnxModel, OnnxNode } from "./onnx-graph.ts";

export interface GraphIndex {
  producerOf(tensor: string | undefined): OnnxNode | undefined;
  consumersOf(tensor: string | undefined): readonly OnnxNode[];
}

export function indexGraph(model: OnnxModel): GraphIndex {
  const producers = new Map<string, OnnxNode>();
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of model.nodes) {
    for (const output of node.outputs) producers.set(output, node);
    for (const input of node.inputs) {
      const readers = consumers.get(input);
      if (readers) readers.push(node);
      else consumers.set(input, [node]);
    }
  }
  return {
    producerOf: (tensor) => (tensor === undefined ? undefined : producers.get(tensor)),
    consumersOf: (tensor) => (tensor === undefined ? [] : (consumers.get(tensor) ?? [])),
  };
}

/** Drops the nodes that no output needs and the tensors that no node reads; gives the number of nodes dropped. */
export function removeUnused(model: OnnxModel): number {
  const index = indexGraph(model);
  const live = new Set<OnnxNode>();
  const wanted = [...model.outputs];
  const used = new Set<string>(wanted);
  for (let tensor = wanted.pop(); tensor !== undefined; tensor = wanted.pop()) {
    const node = index.producerOf(tensor);
    if (!node || live.has(node)) continue;
    live.add(node);
    for (const input of node.inputs) {
      used.add(input);
      wanted.push(input);
    }
  }
  const before = model.nodes.length;
  model.nodes = model.nodes.filter((node) => live.has(node));
  for (const name of model.tensors.keys()) if (!used.has(name)) model.tensors.delete(name);
  return before - model.nodes.length;
}
