import { describe, expect, it } from '@jest/globals';
import { mqttOptionsSchema } from './mqtt.options.js';

describe('settings of the MQTT front', () => {
  it.each(['responses/%c/', 'answers', ''])('take response information %j', (responseInformation) => {
    expect(mqttOptionsSchema.parse({ responseInformation })).toMatchObject({ responseInformation });
  });

  it.each(['a/+/b', 'a/#', '$SYS/%c/', 'a\0'])('refuse %j: no topic begins so', (responseInformation) => {
    expect(mqttOptionsSchema.safeParse({ responseInformation }).success).toBe(false);
  });
});
