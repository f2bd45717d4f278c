let last = 0;

/** Unique in the process, so on every link, also on one that is attached again (AMQP 2.6.12). */
export function nextDeliveryTag(): number {
  return ++last;
}
