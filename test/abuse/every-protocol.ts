import type { ProvenAbuse } from './abuse.js';

const file = 'test/abuse/all-protocols.spec.ts';

/** Whatever is inside: where a client says that others are. */
export const namesHosts: ProvenAbuse = {
  item: 'A14',
  tries: 'says hosts and URLs wherever names, addresses and keys are said',
  meets: 'the gateway connects to none of them: only its configuration, and Pulsar, say where',
  provenBy: { file, test: 'is connected to by none of the protocols' },
};

/** Of the protocols that leave it to the transport alone. */
export const readsNothing: ProvenAbuse = {
  item: 'A9',
  tries: 'does not read what it is sent',
  meets: 'little is held for it; it is not read either, and its connection ends',
  provenBy: {
    file: 'libs/transport/src/listener.spec.ts',
    test: 'holds little for a client that does not read its socket, and ends it',
  },
};

/** What each protocol that carries messages does with what is tried by all of them. */
export const everyProtocol: readonly ProvenAbuse[] = [
  namesHosts,
  {
    item: 'A17',
    tries: 'sends what another tenant sends to the same names, while Pulsar’s connections are cut and stall',
    meets: 'each tenant is given its own bytes alone, all of them looked at',
    provenBy: {
      file,
      test: 'are given their own bytes alone, while what carries them is cut and stalls',
    },
  },
  {
    item: 'A21',
    tries: 'sends trace headers of tens of kilobytes: `traceparent`, `tracestate`, `baggage`',
    meets: 'they are data: kept as they came, bounded with the message; none is read, and none is made',
    provenBy: { file, test: 'keeps what traces say as it came, whatever there is of it, and adds none' },
  },
];
