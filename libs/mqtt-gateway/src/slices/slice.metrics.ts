import type { Metrics } from '#libs/telemetry';
import type { SessionSlice } from './session-slice.js';

/** What slices count, over all that this gateway holds. */
export function registerSliceMetrics(
  metrics: Metrics,
  served: () => readonly SessionSlice[],
  dropped: { readonly messages: number },
): void {
  metrics.counter({
    name: 'pulsegate_mqtt_session_queue_dropped_total',
    help: 'Messages that were not kept for a persistent session, as its queue or that of its slice was full.',
    read: () => dropped.messages,
  });
  const gauge = (name: string, help: string, of: (slice: SessionSlice) => number) =>
    metrics.gauge({
      name: `pulsegate_mqtt_${name}`,
      help,
      read: () => served().reduce((sum, slice) => sum + of(slice), 0),
    });
  gauge('session_slices', 'Parts of session state that this gateway serves.', () => 1);
  gauge('persistent_sessions', 'Sessions in them, connected or not.', ({ table }) => table.sessions.size);
  gauge(
    'persistent_sessions_asleep',
    'Those without a connection.',
    ({ table, dispatch }) => table.sessions.size - dispatch.live.size,
  );
  gauge(
    'session_queue_messages',
    'Messages that wait for persistent sessions, each counted once.',
    ({ table }) => table.queue.size,
  );
  gauge('session_queue_bytes', 'Their bytes in memory.', ({ table }) => table.queueBytes);
}
