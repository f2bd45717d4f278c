// One or more packets of each kind, byte by byte, for tests that damage them.
import type { MqttProtocolLevel, MqttSender } from '../index.js';

export const packetSamples: readonly (readonly [MqttProtocolLevel, MqttSender, string])[] = [
  [3, 'client', "10 18 0006 'MQIsdp' 03 c2 003c 0003 'abc' 0001 'u' 0002 'pw'"],
  [4, 'client', "10 1f 0004 'MQTT' 04 ee 003c 0003 'abc' 0003 'w/t' 0002 'by' 0001 'u' 0002 'pw'"],
  [
    5,
    'client',
    "10 4a 0004 'MQTT' 05 f6 000a 1c 11 00000e10 15 0005 'SCRAM' 16 0002 0102 17 01 19 01 21 000a 22 0005" +
      " 0003 'abc' 0c 18 00000005 01 01 02 0000003c 0004 'w/é' 0002 'by' 0001 'u' 0002 'pw'",
  ],
  [4, 'client', "30 0a 0003 'a/b' 'hello'"],
  [4, 'client', "3d 0c 0003 'a/b' 0102 'hello'"],
  [
    5,
    'client',
    "32 37 0003 'a/b' 0102 2d 01 01 02 0000003c 03 0004 'json' 08 0003 're/' 09 0002 0102 23 0001" +
      " 26 0001 'k' 0001 'v' 26 0001 'k' 0004 f09f9880 'hi'",
  ],
  [5, 'server', "34 0e 0003 'a/b' 0102 05 0b 01 0b ff7f 'h'"],
  [4, 'client', '40 02 1234'],
  [5, 'client', "50 0c 1234 87 08 1f 0005 'sorry'"],
  [5, 'client', '62 03 1234 92'],
  [5, 'client', '70 02 1234'],
  [4, 'client', "82 0e 0001 0003 'a/+' 01 0003 'b/#' 02"],
  [5, 'client', "82 1b 0001 03 0b c801 0003 'a/+' 2d 000c '$share/g/a/#' 02"],
  [4, 'client', "a2 0c 0002 0003 'a/+' 0003 'b/#'"],
  [5, 'client', "a2 0f 0002 07 26 0001 'k' 0001 'v' 0003 'a/+'"],
  [4, 'client', 'c0 00'],
  [4, 'client', 'e0 00'],
  [5, 'client', 'e0 07 04 05 11 00000000'],
  [5, 'client', "f0 0f 18 0d 15 0005 'SCRAM' 16 0002 0102"],
  [4, 'server', '20 02 01 00'],
  [5, 'server', "20 14 00 00 11 12 0002 'id' 13 001e 24 01 25 00 27 00010000"],
  [4, 'server', '90 04 0001 02 80'],
  [5, 'server', "90 0a 0001 05 1f 0002 'no' 00 87"],
  [4, 'server', 'b0 02 0002'],
  [5, 'server', 'b0 05 0002 00 00 11'],
  [4, 'server', 'd0 00'],
  [5, 'server', "e0 08 9d 06 1c 0003 'b:1'"],
];
