import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** Largest PEM file that is read. */
const pemBytesMax = 1_048_576;
const certificateBlock =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** The TLS files of a listener cannot be used; the message names the file. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError';
}

/** A certificate with its chain, and its key, checked to be a pair. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When the first certificate of the chain ends, milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Differs when a byte of the files does. */
  readonly digest: string;
}

export interface Authorities {
  readonly ca: Buffer;
  readonly digest: string;
}

/** @throws TlsFilesError when a file is missing, is not PEM, or key and certificate are not a pair */
export async function readKeyPair(certFile: string, keyFile: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
  const chain = certificatesOf(cert, certFile);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new TlsFilesError(`${certFile} with ${keyFile}: ${(error as Error).message}`);
  }
  const expiresAtMs = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  return { cert, key, expiresAtMs, digest: digestOf(cert, key) };
}

/** @throws TlsFilesError when the file is missing or holds no certificate */
export async function readAuthorities(caFile: string): Promise<Authorities> {
  const ca = await readPem(caFile);
  certificatesOf(ca, caFile);
  return { ca, digest: digestOf(ca) };
}

function certificatesOf(pem: Buffer, file: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(certificateBlock) ?? [];
  if (blocks.length === 0) throw new TlsFilesError(`${file} holds no certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new TlsFilesError(`${file} holds a certificate that cannot be read: ${(error as Error).message}`);
  }
}

function digestOf(...files: readonly Buffer[]): string {
  const digest = createHash('sha256');
  for (const bytes of files) digest.update(`${bytes.length} `).update(bytes);
  return digest.digest('hex');
}

async function readPem(file: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new TlsFilesError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (bytes.length > pemBytesMax)
    throw new TlsFilesError(`${file} has ${bytes.length} bytes, PEM files have less`);
  if (!bytes.includes('-----BEGIN ')) throw new TlsFilesError(`${file} is not a PEM file`);
  return bytes;
}
