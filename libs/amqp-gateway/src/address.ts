/** What an address of a client names, inside its tenant, in canonical form: one address object for one thing. */
export type AmqpAddress =
  /** A Pulsar topic: each receiver has its own subscription or position. `name` is what permissions are about. */
  | { readonly kind: 'topic'; readonly name: string }
  /** A Pulsar topic with the one Shared subscription {@link queueSubscription}. */
  | { readonly kind: 'queue'; readonly name: string }
  /** A named Shared subscription of a topic: `T::S`. */
  | { readonly kind: 'subscription'; readonly name: string; readonly subscription: string }
  /** A queue that ends with the connection that made it. */
  | { readonly kind: 'temporary'; readonly name: string };

/** The subscription that makes a queue of a Pulsar topic. AMQP 0-9-1 and 1.0 share it. */
export const queueSubscription = 'pulsegate.queue';
