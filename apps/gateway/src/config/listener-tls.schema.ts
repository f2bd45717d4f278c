import { z } from 'zod';
import { addressRangeFault, serverNameFault } from '#libs/transport';
import { type ConfigFault, type ConfigPath, duplicates } from './config-fault.js';
import { file, judged, milliseconds } from './field.schema.js';

const certFile = file.describe('PEM certificate chain; read again when it changes.');
const keyFile = file.describe('PEM private key; read again when it changes.');

export const listenerTls = z
  .strictObject({
    certFile,
    keyFile,
    certificates: z
      .array(
        z.strictObject({
          serverNames: z
            .array(judged(serverNameFault))
            .min(1)
            .describe('Host names, or `*.` and the rest of one.'),
          certFile,
          keyFile,
        }),
      )
      .max(1_000)
      .default([])
      .describe('Certificates by what clients ask for (SNI); the one above is for all other clients.'),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
    caFile: file.optional().describe('PEM certificates that client certificates are checked against.'),
    clientAuth: z
      .enum(['none', 'request', 'require'])
      .default('none')
      .describe('Whether clients are asked for a certificate, and whether they need one.'),
    reloadIntervalMs: milliseconds.default(10_000).describe('How often the files are looked at.'),
  })
  .describe('TLS of this listener.');

export const proxyProtocol = z
  .strictObject({
    from: z
      .array(judged(addressRangeFault))
      .min(1)
      .describe(
        'Addresses of the proxies, `10.0.0.5` or `10.0.0.0/24`: their word on who a client is counts.',
      ),
  })
  .describe('Proxies before this listener begin each connection with a PROXY protocol v2 header.');

type ListenerTlsConfig = z.output<typeof listenerTls>;

export function listenerTlsFaults(tls: ListenerTlsConfig | undefined, path: ConfigPath): ConfigFault[] {
  if (tls === undefined) return [];
  const names = tls.certificates.flatMap(({ serverNames }, index) =>
    serverNames.map((value, at) => ({ path: [...path, 'certificates', index, 'serverNames', at], value })),
  );
  const faults = duplicates(names);
  if (tls.clientAuth !== 'none' && tls.caFile === undefined) {
    faults.push({ path: [...path, 'caFile'], message: 'needed to check client certificates' });
  }
  return faults;
}
