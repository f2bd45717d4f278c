import { describe, expect, it } from '@jest/globals';
import { type PulsarAdmin, PulsarAdminError } from './admin/index.js';
import type { OffsetsWanted } from './namespace-offsets.js';
import { verifyNamespace } from './namespace-verification.js';

describe('the offsets of a namespace that cannot be looked at', () => {
  const refuse = (status: number) => async () => {
    throw new PulsarAdminError(status, 'refused', 'GET');
  };
  const verify = async (policiesStatus: number, shown: boolean | undefined, offsets: OffsetsWanted) => {
    const settings = async () => ({
      brokerEntryMetadataInterceptors: shown ? 'org.apache.AppendIndexMetadataInterceptor' : '',
      exposingBrokerEntryMetadataToClientEnabled: String(shown),
    });
    const admin = {
      runtimeConfiguration: shown === undefined ? refuse(403) : settings,
      namespacePolicies: refuse(policiesStatus),
      tenant: refuse(404),
      clusters: async () => [],
    } as unknown as PulsarAdmin;
    const report = await verifyNamespace(admin, 'acme/kafka', { apply: false, offsets });
    return [report.offsets, ...report.checks.filter(({ ok }) => !ok).map(({ check }) => check)];
  };

  it('are what the configuration says, for who serves it all the same', async () => {
    for (const shown of [true, false, undefined]) {
      expect(await verify(403, shown, 'sparse')).toEqual(['sparse', 'access']);
    }
    expect(await verify(403, undefined, 'dense')).toEqual(['dense', 'access']);
    expect(await verify(403, false, 'dense')).toEqual(['dense', 'access', 'index']);
  });

  it('are sparse with auto only where the brokers are known to show no index', async () => {
    expect(await verify(404, false, 'auto')).toEqual(['sparse', 'namespace']);
    expect(await verify(404, true, 'auto')).toEqual(['dense', 'namespace']);
    expect(await verify(404, undefined, 'auto')).toEqual(['dense', 'namespace']);
  });
});
