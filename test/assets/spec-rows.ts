// What the specification of the assets demands, row by row, with the tests that show it. `misfit` names a row of the
// table of misfits in declared/parse-assets.test.ts.

export type SpecRows = Readonly<Record<string, readonly string[]>>;

const all = "with every field of the table becomes what the store takes";
const defaults = "with a name and a source alone has the table's defaults";

export const specRows: Readonly<Record<string, SpecRows>> = {
  "three ways of naming": {
    "declared assets: folder by type, name and version; record; locks": [
      "an asset's places",
      "the record says what lies there, from where, and since when",
      "assets that differ in anything never share a lock",
    ],
    "provider models: root, directory, id, extension": [
      "is <models_root>/<directory_name>/<model_id><file_extension>, overrides and all",
    ],
    "hub models: under the models root, with their locks there": [
      "a snapshot lands in its explicit folder, with lock and record in the models root",
    ],
    "one registry for the three": ["the three ways of naming assets share the registry"],
  },
  "project file and roots": {
    "all formats, one schema": ["${name} declares assets and what agents need"],
    "found from a subfolder": [
      "the project file is found from a subfolder, and its paths are relative to it",
    ],
    "openmas_project.yml as it stands": [
      "openmas_project.yml is read as it stands, with all that is not ours in it",
    ],
    "required_assets that name no asset": ["${name}: ${field}"],
    ".env beside the project file": [
      "the .env beside the project file counts, and never overrides the environment",
      "the .env of the current folder is passed over, also where the runtime has read it",
      "paths of the .env are relative to it, those of the environment to the current folder",
    ],
    "models root": [
      "is what ${variable} says before the project file, and ${oldVariable} when that is not set",
    ],
    "cache root": ["is what the project file says, relative to it, before the default"],
    "credentials root": ["are made, with the cache's own folders, and credentials for their owner alone"],
    "declared assets' root": ["is below the home by default"],
    "environment, project file, default; ~ and ${VAR}": [
      "environment beats file beats default",
      "expands ~ and variables, those of .env too, which never overrides the environment",
    ],
    "a root that cannot be made": ["that cannot be made are E_PERM, with the setting that names another"],
    doctor: ["the %s root", "that is there is told with its origin, what is in it and what is free"],
    "config show --sources": ["show says where each setting came from, and no secret"],
    "config show --json": ["show has the sources in its JSON in any case"],
  },
  "fields of a declared asset": {
    name: [
      all,
      "a name with a slash",
      "a name with two dots",
      "names are unique, and every misfit is told with its place",
    ],
    version: [all, defaults, "a version that is a path"],
    asset_type: [all, defaults, "an asset type with a blank"],
    "source / sources": [
      "may come from any kind of source, several in order, with one pattern or many",
      "no source",
      "source and sources",
      "no sources in the list",
      "sources complete each other: each is asked only for what is missing and what it is said to have",
    ],
    checksum: [
      all,
      "another checksum",
      "a checksum of another length",
      "is proved, and told by list and verify",
    ],
    unpack: ["becomes a folder with what was in it, modes masked, and the archive goes"],
    unpack_format: [
      "of the format ${format} is unpacked",
      "unpack without a format",
      "a format nobody has",
      "of another format than declared is E_VERIFY, telling both, and not fetched again",
    ],
    unpack_destination_is_file: [
      "with one file that is wanted gives that file's path",
      "with nothing but hidden files for the one that is wanted is E_VERIFY",
    ],
    description: [all],
    authentication: [
      all,
      "may say the same authentication twice",
      "two blocks that differ",
      "a block for another kind of source",
      "authentication on a local file",
    ],
    retries: [
      "N retries are N + 1 attempts",
      "N retries are N+1 attempts, each wait twice the one before",
      "a negative count of retries",
    ],
    retry_delay_seconds: [
      "the delay doubles, is jittered between half and whole, and ends at a minute",
      "what the server asked for wins, up to five minutes",
      "a negative delay",
    ],
    progress_report: ["progress_report = false is silent but for the metrics, and its interval goes along"],
    progress_report_interval_mb: ["off a terminal progress is a line each five MiB", "no interval"],
    "a field nobody knows": ["a field nobody knows"],
  },
  sources: {
    http: ["a large one comes in several ranges at once", "a password in a url"],
    "hf, one file and snapshot": [
      "a large file comes by a signed redirect, without the token at the other origin",
      "a snapshot is every file of every page, each proved by what the tree says",
      "a snapshot may be narrowed by patterns and to a folder",
      "a repository without owner",
    ],
    local: [
      "a file beside the project, copied and left where it is",
      "a folder without a manifest is taken with everything below it",
    ],
    npm: [
      "one file of a package, and nothing else of it",
      "a folder of a package, with and without a manifest",
      "a range of versions",
      "a tarball that is not what its integrity says is E_VERIFY, and so is one with a file that is not as declared",
      "the registry's host appears in no message, event or error",
      "the package client is asked with the user's own configuration",
    ],
  },
  authentication: {
    "strategy, token_env_var, scheme, header_name": [
      "another strategy",
      "is sent %s",
      "authentication that names no token",
    ],
    "order of hub tokens": [
      "in the named variable, then in the usual ones, then in the token file, and is trimmed",
    ],
    "HF_TOKEN_PATH's default": ["in the hub client's own place when no path is given"],
    "missing warns": ["that is missing warns and goes on without"],
    strict_authentication: [
      "that is missing is E_PERM before any request when authentication is strict, but not for a hit",
    ],
    "401 and 403": ["that is refused with ${status} is E_PERM, naming the variable, and not tried again"],
    "tokens are nowhere": ["a token reaches its origin alone, and nothing that is written or printed has it"],
    "redirects by hand": [
      "stays behind on every way to another origin, custom header or not",
      "a chain that comes back to the first origin does not get the credential again",
    ],
  },
  phases: {
    "the list, in its order": ["the phases come in their order, each with its end"],
    resolve: ["an asset is brought once, and the next time opens no socket and takes no lock"],
    licence: ["a licence that is not accepted stops an asset before its lock and its first request"],
    compatibility: ["a machine that does not fit stops an asset before its lock and its first request"],
    lock: [
      "processes that want the same asset at the same time make one download",
      "an asset that another holds is E_BUSY after the time that was set",
      "who waits for a process that is killed takes over what it left",
    ],
    recheck: ["right files without a record are adopted by their digests, without network"],
    quota: [
      "E_QUOTA comes before any request when the manifest tells, and before the first byte when the server does",
      "two assets at once do not together pass the quota (with a manifest: %p)",
      "nor in two processes' stores, and what the first leaves is the second's again",
    ],
    space: [
      "is told before the first byte where it can be asked",
      "with little space the unpacked size counts before it is unpacked",
      "two assets at once do not together pass what the disk has left",
    ],
    download: ["goes on where it stopped, with the validator of what it has"],
    verify: [
      "wrong bytes are fetched afresh once, then the next source is asked; they never get a final name",
    ],
    unpack: ["%s is E_VERIFY, with nothing left behind"],
    place: ["a reader never finds nothing while folders are exchanged"],
    register: ["the record says what lies there, from where, and since when"],
    "mirror-config": [
      "the config is mirrored when the asset has its name and its record, and not again for a hit",
    ],
    "order of refusals": ["refusals come in their order: licence, compatibility, quota, disk"],
    "metrics per phase": ["assets are counted by phase, outcome and bytes"],
  },
  "hits and misses": {
    "no network, no hashing": [
      "an asset is brought once, and the next time opens no socket and takes no lock",
    ],
    "a changed file": ["a file whose bytes changed in place is fetched again"],
    "an empty file or folder": ["an empty file among others is an asset's, one that is alone is not"],
    "changed URL": ["a changed url without a manifest is a miss, with one the bytes decide"],
    "changed revision": ["another revision is a miss, and so is another file of the repository"],
    "changed checksum": [
      "a changed checksum is a miss, and the new bytes replace the old",
      "that changes is a miss",
    ],
    "changed unpack settings": ["with other unpack settings than before is a miss"],
    "read-only cache": ["a read-only asset folder can be hit", "is hit where nothing can be written, too"],
    "any doubt hashes again": [
      "is hit after one look at the bytes, without network",
      "that was changed on the way is none",
    ],
    force: ["force fetches again, and one that fails leaves the old asset in place"],
    "verify of unpacked assets": [
      "is hit without network, verified by what was in it, and missed when one file differs",
    ],
    "verify of folders": ["of a folder is that of the list of its files, from whichever source"],
  },
  download: {
    "part and state, mode 0600": ["part and state are the owner's alone"],
    "resume across crashes": ["a download killed a dozen times comes in the end, with little sent twice"],
    "Range and If-Range": ["goes on where it stopped, with the validator of what it has"],
    "200 to a range": ["a 200 to a range starts over"],
    "416 on a whole part": [
      "a whole part that nothing will verify is asked after: 416 says that it is whole",
    ],
    "changed ETag": ["another ETag starts over", "a server that ignores If-Range is caught by its ETag"],
    "truncated, oversized or corrupt part": [
      "a state that says more than the part has is not believed",
      "a state that is broken or of another source is not believed",
      "a resumed large part is hashed from its very beginning, so that what changed on disk is noticed",
    ],
    "several ranges, adaptive": [
      "a large one comes in several ranges at once",
      "it grows as long as each connection brings its share, up to twice the usual",
      "a fast link keeps the two that it began with",
      "a server that serves one connection is left at one, and its refusals cost no attempt",
      "a slow connection is helped by one that has nothing left",
    ],
    "stall limit": ["silence within a body ends at the stall limit, and what came is kept"],
    "header limit": ["a server that never answers is left at the header limit"],
    "no limit on the whole": ["a body that keeps coming may take as long as it likes"],
    "what is retried": ["status %i is tried again", "only what can pass is tried again"],
    "what is not": [
      "status %i is %s at once",
      "in the middle of a download is E_DISK, not tried again, and goes on when there is room",
    ],
    "Accept-Encoding: identity": ["a small one is one request, with identity encoding and its bytes as sent"],
    "hashing on the way": [
      "a large part has its digest when its last byte is there, whatever the order of its ranges",
    ],
    "signed URLs that expire": ["is asked for again, once, and the download goes on"],
    "explicit cancel": [
      "an explicit cancel removes the part",
      "cancel by name ends it for everybody who waits, and removes the part",
    ],
    "Ctrl-C, SIGTERM and crash": [
      "Ctrl-C is E_INTERRUPTED, keeps the part, and the next run goes on",
      "closing the store stops what runs and keeps the part",
      "however often and whenever it is killed, no wrong byte gets a final name and the asset comes in the end",
    ],
    "N processes, one download": ["sixteen processes that want one asset make one download"],
  },
  unpack: {
    "every refusal, in every format": [
      "%s is refused",
      "%s is refused as E_VERIFY, and nothing lies outside",
    ],
    "links that point outside": ["a link to %j is refused"],
    "hard links": ["hard links are refused, within the archive too"],
    "more than 100,000 entries": ["more than 100,000 entries are refused"],
    "ratio, of the whole, above 64 MiB": [
      "by being a bomb is refused at 64 MiB",
      "with a great many small bombs is refused just the same: the whole archive counts",
    ],
    "corrupt archives": ["an archive that is cut off, flipped or none at all is E_VERIFY"],
    "modes are masked": ["becomes a folder with what was in it, modes masked, and the archive goes"],
    "a kill in the midst": [
      "an unpacking that is killed leaves no half asset, and the next run completes it",
    ],
  },
  "offline and addresses": {
    offline: [
      "offline, what is missing is E_NET that says what and how to bring it, and no socket is opened",
    ],
    "offline by environment": [
      "offline, what is here is served and what is not is told with the way to bring it",
    ],
    "guarded addresses": ["what did not come from the operator is not asked at %s"],
    "after each redirect": ["and not after a redirect to %s, at whichever hop"],
    "names that resolve to private addresses": [
      "is not asked when its name stands for a private place, among others too, or for none",
    ],
    "a name that changes its mind": [
      "a plain request of a guarded name goes to the address that was looked at, under its name",
    ],
    "IPv4 in IPv6, odd notations": [
      "addresses in odd notations are seen through, as the url parser normalises them",
    ],
    "the operator's own redirects": [
      "what the operator named, %s, may redirect within its class: %s",
      "what the operator named, %s, may not redirect to %s, whose name hides it",
    ],
    "files and tokens of this machine": [
      "an asset that did not come from the operator names no file of this machine, and no token of its own",
    ],
  },
  "command line and HTTP": {
    "assets list, download, verify, clear-cache": [
      "brings declared assets, lists them, verifies them and takes them away",
    ],
    "verify: exit 10, all rows": ["brings declared assets, lists them, verifies them and takes them away"],
    "clear-cache asks": ["clear-cache asks at a terminal, and only a yes removes anything"],
    "clear-cache: both or neither, --yes": ["clear-cache wants one or all, and a yes from somebody"],
    "clear-cache: in use": ["clear-cache leaves what another process works with, unless it is forced"],
    "download NAME... and --all": ["one asset that cannot be had takes none of the others along"],
    "progress on a terminal": ["on a terminal the bar is drawn over itself"],
    "progress elsewhere": ["off a terminal progress is a line each five MiB"],
    "--json and --quiet": ["with --json progress is one object a line, with --quiet nothing"],
    "GET /v1/assets": ["are listed with what is here", "what is under way shows its rate and the time left"],
    "download with progress": ["come with their progress, the result last"],
    cancel: [
      "are cancelled by name, and whoever listens hears of it",
      "one who leaves cancels the download and gives up its part; a stopping server keeps it",
    ],
    "verify and delete": ["are verified and removed by name"],
  },
  "providers' assets": {
    defaults: [
      "has a default for everything: its own directory, no extension, no credentials, the runtime cache, no urls",
    ],
    overrides: ["is overridden key by key, and its models by their ids"],
    "model_urls: a URL": [
      "that is a URL is one file under the very name, or in the very folder without extension",
    ],
    "model_urls: size, checksum, description": ["with size, checksum and description keeps them"],
    "model_urls: files": [
      "of several files is a folder that is whole or not there",
      "as a pack, all of it or nothing",
    ],
    auto: ["auto is the catalogue's, the provider's own source, or its library's"],
    local: ["local is the user's", "is E_NOT_FOUND with its place until it is there"],
    model_url: ["replaces the one URL, and keeps size, checksum and format"],
    "archives by URL and magic": ["out of an archive, told by its URL or by its magic"],
    "path segments": ["refuses the id and the directory %j"],
    credentials: [
      "of the file win over the environment's, and complete them",
      "of a broken file are warned of and ignored",
    ],
    "settings of old": [
      "settings of old have one warning each, and an unknown provider has one with the nearest name",
    ],
    "places of old": ["models in every old place are found, with the place where they belong today"],
  },
  "fine points": {
    "E_SCHEMA with file, line, field": [
      "a project file that does not fit is exit 3 with file, line and field",
    ],
    "a local source that is not there": [
      "what is not there is E_NOT_FOUND, an empty folder too, and other bytes are E_VERIFY",
    ],
    "a filter that lets nothing through": [
      "a repository that is not there, a file that is not, and patterns that let nothing through",
    ],
    "more than 10 redirects": ["the eleventh redirect is not followed"],
    "forbidden scheme in a file": ["a scheme that is not http"],
    "forbidden scheme in a redirect": ["%s may not redirect to %s"],
    "the hub answering no JSON, or other JSON": [
      "something that is no hub is told apart: no JSON is E_NET, other JSON is E_SCHEMA",
    ],
    "a checksum that is wrong is fetched afresh once": [
      "that is not met is E_VERIFY with both digests after one more try, and nothing stays",
    ],
    "Retry-After of more than five minutes": ["a Retry-After of more than five minutes is not waited for"],
    "two stores never share a part": [
      "a part is named by destination, source and piece; stores that share a cache share no part",
    ],
    "folders by exchange": [
      "a folder gets its name, and then another one takes its place",
      "after a crash between the two renames the old folder returns",
    ],
    "who waited reports from_cache": [
      "processes that want the same asset at the same time make one download",
    ],
    "a quota counts models root and assets folder": [
      "what lies in the models root counts, and a full quota is told before any request",
    ],
    "GB is 2^30": [
      "sizes are told in powers of 1024",
      "a quota that is reached is exit 9 before the first byte",
    ],
    "first is the archive's order; dotfiles": ["with one file that is wanted gives that file's path"],
    "patterns may be a string or a list": [
      "may come from any kind of source, several in order, with one pattern or many",
    ],
    "progress events": ["with --json progress is one object a line, with --quiet nothing"],
  },
  deployment: {
    "Dockerfile and compose.yaml": [
      "runs as nobody special, keeps its state in /data, and says whether it is well",
      "sets the roots, mounts them, and takes secrets from .env",
    ],
  },
};
