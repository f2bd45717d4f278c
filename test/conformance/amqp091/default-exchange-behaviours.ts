import { expect } from '@jest/globals';
import type { BehaviourArea } from './behaviour.js';
import {
  exchangeBind,
  exchangeDeclare,
  exchangeDelete,
  queueBind,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const refused = '403 ACCESS_REFUSED - operation not permitted on the default exchange';

export const defaultExchangeBehaviours: BehaviourArea = {
  title: 'The default exchange',
  behaviours: [
    {
      id: 'default-exchange-declare',
      says: 'The default exchange cannot be declared: 403 ACCESS_REFUSED.',
      source: 'docs/exchanges, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(exchangeDeclare('', 'direct'), refused);
      },
    },
    {
      id: 'default-exchange-delete',
      says: 'The default exchange cannot be deleted: 403 ACCESS_REFUSED.',
      source: 'server',
      run: async (bed) => (await bed.peer()).refuses(exchangeDelete(''), refused),
    },
    {
      id: 'default-exchange-bind',
      says: 'Nothing is bound to the default exchange: 403 ACCESS_REFUSED.',
      source: 'docs/exchanges, server',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.refuses(queueBind(name, '', 'k'), refused);
        await peer.refuses(exchangeBind('amq.fanout', '', 'k'), refused);
      },
    },
    {
      id: 'default-exchange-routes',
      says: 'Each queue is bound to the default exchange by its name.',
      source: 'docs/exchanges, spec 3.1.3.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        peer.publish('', name, 'by name');
        const [delivery] = await peer.contents(name);
        expect(delivery).toMatchObject({ exchange: '', routingKey: name });
      },
    },
  ],
};
