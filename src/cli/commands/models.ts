// `troupe models …`: the models of the hub, and what of them is here. One file for each verb in models/.
import type { Command } from "commander";
import type { Run } from "../command-context.ts";
import { registerBrowse } from "./models/browse.ts";
import { registerCompatibility } from "./models/compatibility.ts";
import { registerDownload } from "./models/download.ts";
import { registerEnsure } from "./models/ensure.ts";
import { registerGc } from "./models/gc.ts";
import { registerInfo } from "./models/info.ts";
import { registerLicense } from "./models/license.ts";
import { registerList } from "./models/list.ts";
import { registerMigrate } from "./models/migrate.ts";
import { registerPin } from "./models/pin.ts";
import { registerRemove } from "./models/remove.ts";
import { registerScan } from "./models/scan.ts";
import { registerVerify } from "./models/verify.ts";

export function registerModels(program: Command, run: Run): void {
  const group = program
    .command("models")
    .description("models of the Hugging Face hub: browse, install, tidy")
    .addHelpText("after", "\nExample:\n  troupe models list --search whisper --limit 10");
  for (const register of [
    registerList,
    registerInfo,
    registerDownload,
    registerBrowse,
    registerEnsure,
    registerGc,
    registerPin,
    registerCompatibility,
    registerLicense,
    registerMigrate,
    registerVerify,
    registerRemove,
    registerScan,
  ]) {
    register(group, run);
  }
}
