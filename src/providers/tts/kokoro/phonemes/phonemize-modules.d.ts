// The package describes its core but not its language files.
declare module "phonemize/en-g2p" {
  import type { LanguageProcessor } from "phonemize/core";
  const EnglishG2P: new (options?: { dialect?: string }) => LanguageProcessor;
  export default EnglishG2P;
}
declare module "phonemize/zh-g2p" {
  import type { LanguageProcessor } from "phonemize/core";
  const ChineseG2P: new () => LanguageProcessor;
  export default ChineseG2P;
}
declare module "phonemize/ja-g2p" {
  import type { LanguageProcessor } from "phonemize/core";
  const JapaneseG2P: new () => LanguageProcessor;
  export default JapaneseG2P;
}
