import { AuditTrail, auditedLog, type Log, LogAuditSink } from '#libs/telemetry';
import type { GatewayConfig } from '../gateway.config.js';
import { AuditTopic } from './audit-topic.js';

/** The process's one trail, made before anything that has something to record. */
export class GatewayAudit {
  readonly trail: AuditTrail | undefined;
  readonly topic: AuditTopic | undefined;
  /** What everything else logs with. */
  readonly log: Log;

  constructor({ audit, kafka: { nodeId } }: Pick<GatewayConfig, 'audit' | 'kafka'>, log: Log) {
    this.log = log;
    if (audit === undefined) return;
    const gateway = () => ({ nodeId });
    if (audit.topic !== undefined) this.topic = new AuditTopic({ topic: audit.topic, gateway, log });
    const sinks = [...(audit.log ? [new LogAuditSink(log)] : []), ...(this.topic ? [this.topic] : [])];
    this.trail = new AuditTrail({ sinks });
    this.log = auditedLog(log, this.trail);
  }

  async close(): Promise<void> {
    this.trail?.flush();
    await this.topic?.close();
  }
}
