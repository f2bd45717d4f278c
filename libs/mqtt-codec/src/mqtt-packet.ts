import type { AcknowledgementPacket } from './packets/acknowledgement.js';
import type { AuthPacket } from './packets/auth.js';
import type { ConnackPacket } from './packets/connack.js';
import type { ConnectPacket } from './packets/connect.js';
import type { DisconnectPacket } from './packets/disconnect.js';
import type { PingreqPacket, PingrespPacket } from './packets/ping.js';
import type { PublishPacket } from './packets/publish.js';
import type { SubackPacket } from './packets/suback.js';
import type { SubscribePacket } from './packets/subscribe.js';
import type { UnsubackPacket } from './packets/unsuback.js';
import type { UnsubscribePacket } from './packets/unsubscribe.js';

/** Any packet; `type` is the name of the specification in lower case. */
export type MqttPacket =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

export type MqttPacketType = MqttPacket['type'];
