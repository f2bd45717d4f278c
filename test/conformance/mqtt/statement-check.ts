import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MqttProtocolLevel } from '#libs/mqtt-codec';
import { checkForm } from '../../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { writeStatementsSection } from './conformance-page.js';
import { type Script, ScriptBed } from './script.js';
import type { Statement } from './statement.js';

export interface StatementCheck {
  readonly title: 'MQTT 5' | 'MQTT 3.1.1';
  readonly level: MqttProtocolLevel;
  readonly statements: readonly Statement[];
  readonly scripts: readonly Script[];
}

const scriptTimeoutMs = 60_000;
/** They wait more than they work, but each begins with a connection. */
const atOnceMax = 24;

/** User and password that scripts may use; without them a client is anonymous. */
export const scriptUser = { name: 'paula', password: 'secret' } as const;

/** What nobody may publish or subscribe. */
export const deniedFilter = 'denied/#';

async function startScriptGateway(): Promise<TestGateway> {
  const denied = {
    ...allowAll,
    effect: 'deny',
    resource: { type: 'mqtt-topic', match: 'filter', name: deniedFilter },
  };
  return await startGateway({
    tenants: [{ name: 'acme', users: [scriptUser], permissions: [allowAll, denied] }],
    mqtt: { listener: { anonymousTenant: 'acme', defaultTenant: 'acme' } },
    // Every client fails from the same address here.
    config: { authentication: { failuresPerAddressBurst: 1_000 } },
  });
}

/** Runs all scripts beside each other before one gateway, and sees that each statement has one, or an exception. */
export function describeStatements({ title, level, statements, scripts }: StatementCheck): void {
  describe(title, () => {
    const results = new Map<Script, string | undefined>();
    let gateway: TestGateway;

    beforeAll(async () => {
      gateway = await startScriptGateway();
      const waiting = [...scripts.entries()];
      const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          results.set(next[1], await faultOf(next[1], gateway, level, next[0]));
        }
      };
      await Promise.all(Array.from({ length: atOnceMax }, work));
    }, 300_000);

    afterAll(async () => {
      await gateway?.stop();
      if (checkForm === 'full') writeStatementsSection(title, statements, scripts, results);
    }, 60_000);

    it('each statement has a test or an exception, never both, and each test has statements', () => {
      const known = new Set(statements.map(({ id }) => id));
      expect(known.size).toBe(statements.length);
      const tested = new Set(scripts.flatMap((script) => script.statements));
      expect([...tested].filter((id) => !known.has(id))).toEqual([]);
      expect(scripts.filter((script) => script.statements.length === 0)).toEqual([]);
      const wrong = statements.filter(({ id, exception }) => tested.has(id) === (exception !== undefined));
      expect(wrong.map(({ id }) => id)).toEqual([]);
    });

    it.each(scripts.map((script) => ({ title: `${script.name} [${script.statements.join(', ')}]`, script })))(
      '$title',
      ({ script }) => expect(results.get(script)).toBeUndefined(),
    );
  });
}

async function faultOf(
  script: Script,
  gateway: TestGateway,
  level: MqttProtocolLevel,
  place: number,
): Promise<string | undefined> {
  const { tcp: address, ws: webSocketUrl } = gateway.mqtt;
  const bed = new ScriptBed({ address, webSocketUrl, level, prefix: `s${level}x${place}` });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('takes too long')), scriptTimeoutMs);
  try {
    await Promise.race([script.run(bed), late.promise]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(timer);
    bed.end();
  }
}
