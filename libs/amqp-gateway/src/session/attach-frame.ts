import { type AmqpCompositeInput, encodeFrame } from '#libs/amqp-codec';

type Attach = AmqpCompositeInput<'attach'>;

/** With as much of what is unsettled as the client's frames hold; itself where that is all (AMQP 2.7.3, `incomplete-unsettled`). */
export function fittingAttach(attach: Attach, frameBytesMax: number): Attach {
  let fitting = attach;
  while ((fitting.unsettled?.length ?? 0) > 0 && encodeFrame(0, fitting).length > frameBytesMax) {
    const { unsettled = [] } = fitting;
    fitting = {
      ...fitting,
      unsettled: unsettled.slice(0, unsettled.length >>> 1),
      incompleteUnsettled: true,
    };
  }
  return fitting;
}
