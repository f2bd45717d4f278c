import type { Buffer } from 'node:buffer';
import { expect, it } from '@jest/globals';
import { encodeRequestFrame, metadataApi } from '#libs/kafka-codec';
import { silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { ApiTable } from '../api-table.js';
import { ProcessBudget } from '../connection/process-budget.js';
import type { GatewayServices } from '../handler.js';
import { ScriptedMetadata, soon, tenant } from '../testing/connection-bed.js';
import { encodeForwarded } from './forwarded-request.js';
import { serveForwarded } from './kafka-forwarding.js';

type Serve = (payload: Buffer, from: object) => Promise<Buffer>;

const origin = {
  ...{ tenant: 'acme', user: 'ann', groups: [], anonymous: false, source: 'password' as const },
  ...{ listener: 'public', remoteAddress: '192.0.2.7', remotePort: 4_711 },
};

it('what another gateway sends on is not answered once its tenant is removed here: there it may be allowed', async () => {
  let serve: Serve | undefined;
  const forwarding = { serve: (_kind: string, served: Serve) => (serve = served) };
  const cluster = { forwarding, self: { listeners: [] } };
  const gateway = { cluster, log: silentLog } as unknown as GatewayServices;
  const [tenants, metadata] = [new TenantDirectory([tenant]), new ScriptedMetadata()];
  serveForwarded(gateway, () => new ApiTable([metadata]), tenants, new ProcessBudget(1_000_000));
  const ask = (topic: string) => {
    const header = { apiKey: metadataApi.key, apiVersion: 1, correlationId: 7, clientId: 'c' };
    const frame = encodeRequestFrame(header, (writer) =>
      metadataApi.encodeRequest(writer, { topics: [{ name: topic }] }, 1),
    );
    // Without its size.
    return serve!(encodeForwarded(origin, frame.subarray(4)), { nodeId: 2, whenGone: () => () => {} });
  };
  metadata.answer('before');
  expect((await ask('before')).length).toBeGreaterThan(4);
  const waiting = ask('during');
  await soon();
  tenants.replace([]);
  metadata.answer('during');
  await expect(waiting).rejects.toThrow(/was removed/);
  await expect(ask('after')).rejects.toThrow(/no tenant/);
  expect(metadata.started).toEqual(['before', 'during']);
  tenants.replace([tenant]);
  metadata.answer('again');
  expect((await ask('again')).length).toBeGreaterThan(4);
});
