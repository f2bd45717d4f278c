import {
  type AcknowledgementPacket,
  MqttReasonCode,
  noProperties,
  type PubrelPacket,
} from '#libs/mqtt-codec';
import type { MqttClient } from '../connection/mqtt-client.js';

/** PUBACK, PUBREC and PUBCOMP end what we sent; PUBREL ends what the client sent. @throws MqttError for a wrong one */
export function handleAcknowledgement(packet: AcknowledgementPacket, client: MqttClient): void {
  const { packetId, reasonCode } = packet;
  switch (packet.type) {
    case 'puback':
      client.session.onPuback(packetId);
      break;
    case 'pubrec':
      client.session.onPubrec(packetId, reasonCode);
      break;
    case 'pubcomp':
      client.session.onPubcomp(packetId);
      break;
    case 'pubrel':
      handlePubrel(packet, client);
  }
}

/** What is not held is told so in MQTT 5, and is complete to those before [MQTT-4.3.3-11]. */
function handlePubrel({ packetId }: PubrelPacket, client: MqttClient): void {
  const { store } = client.session;
  if (!store.holds(packetId)) {
    client.services.counters.strayAcknowledgements++;
    answer(client, packetId, MqttReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    return;
  }
  store.release(packetId, (error) => {
    if (error === undefined) answer(client, packetId, MqttReasonCode.SUCCESS);
    else client.refuse(error);
  });
}

function answer(client: MqttClient, packetId: number, reasonCode: number): void {
  client.inbound.released(packetId);
  client.send({ type: 'pubcomp', packetId, reasonCode, properties: noProperties });
}
