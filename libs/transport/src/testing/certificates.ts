import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the tests can make certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface MadeCertificateOptions {
  /** Default: its name, and `localhost`. */
  readonly dnsNames?: readonly string[];
  readonly keyUsage?: 'serverAuth' | 'clientAuth';
  readonly days?: number;
}

/** A directory with certificates, made with the openssl command. */
export class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'pulsegate-tls-'));

  /** Makes `<name>.crt` and `<name>.key`: its own authority, or signed by `issuer`. For 90 days. */
  make(
    name: string,
    issuer?: string,
    options: MadeCertificateOptions = {},
  ): { certFile: string; keyFile: string } {
    const certFile = this.file(`${name}.crt`);
    const keyFile = this.file(`${name}.key`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    const names = (options.dnsNames ?? [name, 'localhost']).map((each) => `DNS:${each}`);
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names.join(',')}`];
    if (options.keyUsage) subject.push('-addext', `extendedKeyUsage=${options.keyUsage}`);
    const days = ['-days', String(options.days ?? 90)];
    const signer = issuer ? ['-CA', this.file(`${issuer}.crt`), '-CAkey', this.file(`${issuer}.key`)] : [];
    execFileSync('openssl', ['req', '-x509', ...days, ...key, ...subject, ...signer, '-out', certFile], {
      stdio: 'pipe',
    });
    return { certFile, keyFile };
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
