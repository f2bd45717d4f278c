export {
  MqttDecodeError,
  type MqttDecodeErrorCode,
  MqttEncodeError,
} from './mqtt-codec.errors.js';
export type { MqttPacket, MqttPacketType } from './mqtt-packet.js';
export { packetElementsMax } from './mqtt-reader.js';
export { MqttPacketDecoder, type MqttPacketDecoderOptions } from './packet-decoder.js';
export { encodePacket, encodePacketWithin } from './packet-encoder.js';
export {
  type AcknowledgementPacket,
  type AcknowledgementType,
  encodeAcknowledgement,
  type PubrelPacket,
} from './packets/acknowledgement.js';
export { type AuthPacket, encodeAuth } from './packets/auth.js';
export { type ConnackPacket, encodeConnack } from './packets/connack.js';
export { type ConnectPacket, encodeConnect, type MqttWillMessage } from './packets/connect.js';
export { type DisconnectPacket, encodeDisconnect } from './packets/disconnect.js';
export { encodePing, type PingreqPacket, type PingrespPacket, pingreq, pingresp } from './packets/ping.js';
export { encodePublish, encodePublishHead, type PublishPacket } from './packets/publish.js';
export { encodeSuback, type SubackPacket } from './packets/suback.js';
export { encodeSubscribe, type MqttSubscriptionRequest, type SubscribePacket } from './packets/subscribe.js';
export { encodeUnsuback, type UnsubackPacket } from './packets/unsuback.js';
export { encodeUnsubscribe, type UnsubscribePacket } from './packets/unsubscribe.js';
export {
  type MqttPropertiesOf,
  type MqttPropertyName,
  mqttPropertyTable,
  noProperties,
  type PropertyOwner,
} from './properties.js';
export type { MqttProtocolLevel, MqttQos, MqttSender } from './protocol-level.js';
export {
  connackReturnCode,
  MqttConnectReturnCode,
  MqttReasonCode,
  mayCarryReasonCode,
  mqttReasonCodeName,
  subackReturnCode,
} from './reason-code.js';
export {
  isSharedFilter,
  splitSharedFilter,
  topicFilterFault,
  topicNameFault,
} from './topic-syntax.js';
