import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the tests can make certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A directory with certificates, made with the openssl command. */
export class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'pulsegate-tls-'));

  /** Makes `<name>.crt` and `<name>.key`: its own authority, or signed by `issuer`. */
  make(name: string, issuer?: string): { certFile: string; keyFile: string } {
    const certFile = this.file(`${name}.crt`);
    const keyFile = this.file(`${name}.key`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},DNS:localhost`];
    const signer = issuer ? ['-CA', this.file(`${issuer}.crt`), '-CAkey', this.file(`${issuer}.key`)] : [];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...subject, ...signer, '-out', certFile], {
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
