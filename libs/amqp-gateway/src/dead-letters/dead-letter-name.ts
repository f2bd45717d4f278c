const suffix = '-DLQ';

/** As Pulsar's own clients name it. */
export function deadLetterTopicOf(topic: string, subscription: string): string {
  return `${topic}-${subscription}${suffix}`;
}

/** What nobody takes from there either has nowhere to go. */
export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith(suffix);
}
