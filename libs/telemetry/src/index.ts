export type { Audit, AuditAct, AuditEntry, AuditRecord, AuditSink } from './audit/audit.js';
export {
  clientChanges,
  operatorChanges,
  type ClientChange,
  type OperatorChange,
} from './audit/audited-changes.js';
export { AuditTrail, auditedLog } from './audit/audit-trail.js';
export { LogAuditSink } from './audit/log-audit-sink.js';
export { ConnectionLog } from './connection.log.js';
export { EventCounter, ProtocolCounters, TenantCounters } from './counters.js';
export { type Log, type LogFields, silentLog } from './log.js';
export { createLogger } from './logger.js';
export { LatencyHistogram } from './latency-histogram.js';
export { Metrics } from './metrics.js';
export { printable } from './printable.js';
