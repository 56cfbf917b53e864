// Completion for the shells, written from the program's own verbs and flags, so that it never knows fewer than they are.
import type { Command, Option } from "commander";

export const completionShells = ["bash", "zsh", "fish"] as const;
export type CompletionShell = (typeof completionShells)[number];

interface Verb {
  /** Words before the cursor that lead here: "" for the program, "models", "models list". */
  path: string;
  description: string;
  verbs: readonly Verb[];
  flags: readonly Option[];
}

/** The whole script, to be sourced or put where the shell looks for completions. */
export function buildCompletionScript(shell: CompletionShell, program: Command): string {
  const root = describeVerb(program, "");
  return { bash: writeBash, zsh: writeZsh, fish: writeFish }[shell](root);
}

function describeVerb(command: Command, path: string): Verb {
  const flags = command.createHelp().visibleOptions(command);
  const verbs = command.commands.map((child) => describeVerb(child, `${path} ${child.name()}`.trim()));
  return { path, description: command.description(), verbs, flags };
}

const withChildren = (verb: Verb): Verb[] => [verb, ...verb.verbs.flatMap(withChildren)];
const nameOf = (verb: Verb): string => verb.path.split(" ").at(-1) ?? "";
const formsOf = ({ long, short }: Option): string[] => [long, short].filter((form) => form !== undefined);
/** For the inside of single quotes, in all three shells. */
const quote = (text: string): string => `'${text.replaceAll("'", "’").replaceAll("\\", "")}'`;

/** Finds the verb that the words so far name: values of flags and arguments are passed over. */
function writeVerbSearch(root: Verb): string {
  const paths = withChildren(root).filter(({ path }) => path !== "");
  const patterns = paths.map(({ path }) => {
    const words = path.split(" ");
    return quote(`${words.slice(0, -1).join(" ")} ${words.at(-1)}`);
  });
  return `case "$verb $word" in
      ${patterns.join("|")}) verb="\${verb:+$verb }$word" ;;
    esac`;
}

function writeBash(root: Verb): string {
  const cases = withChildren(root).map(
    (verb) =>
      `    ${quote(verb.path)}) names=${quote(verb.verbs.map(nameOf).join(" "))} flags=${quote(verb.flags.flatMap(formsOf).join(" "))} ;;`,
  );
  return `# bash completion for troupe; load it with: source <(troupe completion bash)
_troupe() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" verb="" word names="" flags=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    ${writeVerbSearch(root)}
  done
  case "$verb" in
${cases.join("\n")}
  esac
  [[ $cur == -* ]] && names="$flags"
  COMPREPLY=($(compgen -W "$names" -- "$cur"))
}
complete -o default -F _troupe troupe
`;
}

function writeZsh(root: Verb): string {
  const item = (name: string, description: string): string =>
    quote(`${name}:${description.replaceAll(":", " -")}`);
  const cases = withChildren(root).map((verb) => {
    const names = verb.verbs.map((child) => item(nameOf(child), child.description));
    const flags = verb.flags.flatMap((flag) => formsOf(flag).map((form) => item(form, flag.description)));
    return `    ${quote(verb.path)}) names=(${names.join(" ")}) flags=(${flags.join(" ")}) ;;`;
  });
  return `#compdef troupe
# zsh completion for troupe; load it with: source <(troupe completion zsh)
_troupe() {
  local verb="" word
  local -a names flags
  for word in \${words[2,CURRENT-1]}; do
    ${writeVerbSearch(root)}
  done
  case "$verb" in
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o flag flags
  elif ((\${#names})); then _describe verb names
  else _files
  fi
}
if [[ \${funcstack[1]} == _troupe ]]; then _troupe "$@"; else compdef _troupe troupe; fi
`;
}

function writeFish(root: Verb): string {
  const lines = withChildren(root).flatMap((verb) => {
    const seen = verb.path === "" ? [] : verb.path.split(" ").map((w) => `__fish_seen_subcommand_from ${w}`);
    const here = seen.join("; and ");
    const isOpen = `not __fish_seen_subcommand_from ${verb.verbs.map(nameOf).join(" ")}`;
    const verbs = verb.verbs.map(
      (child) =>
        `complete -c troupe -f -n ${quote([...seen, isOpen].join("; and "))} -a ${nameOf(child)} -d ${quote(child.description)}`,
    );
    const flags = verb.flags.map((flag) => {
      const forms = [flag.long && `-l ${flag.long.slice(2)}`, flag.short && `-s ${flag.short.slice(1)}`];
      const value = flag.required ? ["-r"] : [];
      const when = here === "" ? [] : [`-n ${quote(here)}`];
      return [
        "complete -c troupe",
        ...when,
        ...forms.filter(Boolean),
        ...value,
        `-d ${quote(flag.description)}`,
      ].join(" ");
    });
    return [...verbs, ...flags];
  });
  return `# fish completion for troupe; load it with: troupe completion fish | source\n${lines.join("\n")}\n`;
}
