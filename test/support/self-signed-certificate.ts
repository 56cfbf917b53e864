// A throw-away certificate for localhost and 127.0.0.1, made by hand in DER (RFC 5280), so that tests of https and wss
// need neither a tool on the machine nor a key in the repository.
const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const { length } = body;
  if (length < 128) return concat([Uint8Array.of(tag, length), body]);
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return concat([Uint8Array.of(tag, ...size), body]);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encodeDer(0x30, ...parts);
const integer = (...bytes: number[]): Uint8Array => encodeDer(0x02, Uint8Array.from(bytes));
const identifier = (...bytes: number[]): Uint8Array => encodeDer(0x06, Uint8Array.from(bytes));
const utcTime = (date: Date): Uint8Array =>
  encodeDer(0x17, text(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const bitString = (bytes: Uint8Array): Uint8Array => encodeDer(0x03, Uint8Array.of(0), bytes);

const ecdsaWithSha256 = sequence(identifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const commonName = identifier(0x55, 0x04, 0x03);
const basicConstraints = identifier(0x55, 0x1d, 0x13);
const yes = encodeDer(0x01, Uint8Array.of(0xff));
const subjectAltName = identifier(0x55, 0x1d, 0x11);

/** WebCrypto gives r and s side by side; X.509 wants them as two integers. */
function encodeSignature(raw: Uint8Array): Uint8Array {
  const half = (bytes: Uint8Array): Uint8Array => {
    const trimmed = [...bytes];
    while (trimmed.length > 1 && trimmed[0] === 0) trimmed.shift();
    return integer(...((trimmed[0] ?? 0) > 127 ? [0, ...trimmed] : trimmed));
  };
  return sequence(half(raw.subarray(0, 32)), half(raw.subarray(32)));
}

const encodePem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(der.toBase64().match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;

interface CertificateOptions {
  /** Default: an hour ago. */
  validFrom?: Date;
  /** Default: tomorrow. */
  validTo?: Date;
}

interface Party {
  name: Uint8Array;
  keys: CryptoKeyPair;
}

/** PEM texts. */
export interface Certificate {
  cert: string;
  key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3_600_000;
const nameOf = (name: string): Uint8Array =>
  sequence(encodeDer(0x31, sequence(commonName, encodeDer(0x0c, text(name)))));

async function createParty(name: string): Promise<Party> {
  return { name: nameOf(name), keys: await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) };
}

async function issue(
  subject: Party,
  issuer: Party,
  isAuthority: boolean,
  options: CertificateOptions = {},
): Promise<Certificate> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", subject.keys.publicKey));
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", subject.keys.privateKey));
  const names = sequence(encodeDer(0x82, text("localhost")), encodeDer(0x87, Uint8Array.of(127, 0, 0, 1)));
  const extension = isAuthority
    ? sequence(basicConstraints, encodeDer(0x01, Uint8Array.of(0xff)), encodeDer(0x04, sequence(yes)))
    : sequence(subjectAltName, encodeDer(0x04, names));
  const from = options.validFrom ?? new Date(Date.now() - hourMs);
  const to = options.validTo ?? new Date(Date.now() + 24 * hourMs);
  const body = sequence(
    encodeDer(0xa0, integer(2)),
    integer(1, ...crypto.getRandomValues(new Uint8Array(8))),
    ecdsaWithSha256,
    issuer.name,
    sequence(utcTime(from), utcTime(to)),
    subject.name,
    publicKey,
    encodeDer(0xa3, sequence(extension)),
  );
  const signed = await crypto.subtle.sign(algorithm, issuer.keys.privateKey, new Uint8Array(body));
  const cert = sequence(body, ecdsaWithSha256, bitString(encodeSignature(new Uint8Array(signed))));
  return { cert: encodePem("CERTIFICATE", cert), key: encodePem("PRIVATE KEY", privateKey) };
}

/** Valid from an hour ago for a day, unless it is to be otherwise. */
export async function createSelfSignedCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const party = await createParty("localhost");
  return issue(party, party, false, options);
}

/** A certificate of an authority of its own, whose certificate clients are to trust. */
export async function createIssuedCertificate(): Promise<{ server: Certificate; authority: string }> {
  const authority = await createParty("a test's authority");
  const server = await createParty("localhost");
  return {
    server: await issue(server, authority, false),
    authority: (await issue(authority, authority, true)).cert,
  };
}
