// The values that the clients exchange, as test/conformance/qpid-jms/Stage.java has them, by rhea's encoder.
import rhea, { type Message } from 'rhea';
import { message } from './rhea-stage.js';

const { types } = rhea;
const kinds = ['text', 'bytes', 'map', 'stream', 'empty'] as const;
const jmsTypes = [5, 3, 2, 4, 0] as const;
const properties = {
  ...{
    boolean: true,
    byte: -7,
    short: -300,
    int: 70_000,
    long: 2 ** 40,
    float: 1.5,
    double: -2.25,
    string: 'größe',
  },
};
const bytes = Buffer.from([0, 1, 0xff]);

const bodies = [
  'größe',
  rhea.message.data_section(bytes),
  types.wrap_map({ name: 'röd', count: types.wrap_long(5) }),
  rhea.message.sequence_section([types.wrap_int(1), 'two']),
  null,
];

export function values(): Message[] {
  return bodies.map((body, place) =>
    message({
      body,
      subject: 'kind',
      correlation_id: 'correlation',
      message_annotations: { 'x-opt-jms-msg-type': types.wrap_byte(jmsTypes[place]!) },
      application_properties: {
        boolean: true,
        byte: types.wrap_byte(-7),
        short: types.wrap_short(-300),
        int: types.wrap_int(70_000),
        long: types.wrap_long(2 ** 40),
        float: types.wrap_float(1.5),
        double: types.wrap_double(-2.25),
        string: 'größe',
      },
    }),
  );
}

/** rhea does not tell which type a number has. */
export function valuesFault(writer: string, received: Message, place: number): string | undefined {
  const kind = kinds[place]!;
  const actual = {
    properties: received.application_properties,
    subject: received.subject,
    correlation: received.correlation_id,
    jmsType: received.message_annotations?.['x-opt-jms-msg-type'],
    body: bodyOf(kind, received),
  };
  const expected = {
    ...{ properties, subject: 'kind', correlation: 'correlation', jmsType: jmsTypes[place] },
    body: ['größe', '0001ff', { name: 'röd', count: 5 }, [1, 'two'], null][place],
  };
  const [a, e] = [actual, expected].map((each) => JSON.stringify(each, sorted));
  return a === e ? undefined : `${writer}'s ${kind}: ${a} instead of ${e}`;
}

function bodyOf(kind: (typeof kinds)[number], { body }: Message): unknown {
  if (kind === 'bytes') return (body.content as Buffer).toString('hex');
  if (kind === 'stream') return body.content;
  return kind === 'empty' ? (body ?? null) : body;
}

/** Objects with their names in order. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
