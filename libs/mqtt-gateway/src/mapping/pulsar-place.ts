/** Where the messages of an MQTT topic are. */
export interface PulsarPlace {
  /** Inside the tenant's namespace; a name without fault (`topicNameFault` of libs/auth). */
  readonly topic: string;
  readonly key: string;
}
