const suffix = '-DLQ';

/**
 * As Pulsar's own clients name it. The ":" in the subscription of a link is encoded as in every name, so that the topic has
 * an address to receive from: `/queues/<topic>-<container>%3A<link>-DLQ`.
 */
export function deadLetterTopicOf(topic: string, subscription: string): string {
  return `${topic}-${subscription.replaceAll(':', '.x3A')}${suffix}`;
}

/** What nobody takes from there either has nowhere to go. */
export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith(suffix);
}
