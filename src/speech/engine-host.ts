// Engines live in base; providers of speech written against this door find them here.
export * from "../base/engine-host.ts";
