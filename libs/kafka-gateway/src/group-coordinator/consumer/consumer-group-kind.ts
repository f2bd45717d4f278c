import type { GroupRecordKind } from '../group-coordinator.js';
import { ConsumerGroup } from './consumer-group.js';
import { consumerRecordKey, consumerRecordPrefix } from './consumer-group-records.js';
import { MixedGroup } from './mixed-group.js';

/** The records of consumer groups: `consumer/<group>/...`. */
export const consumerRecords: GroupRecordKind = {
  prefix: consumerRecordPrefix,
  replay(coordinator, key, value) {
    const { groupId, part, name } = consumerRecordKey(key);
    let group = coordinator.group(groupId);
    let protocol = group?.protocol;
    if (value === null && !(protocol instanceof ConsumerGroup)) return;
    if (value === null && part === 'group') {
      // It is the last of a group's tombstones, and the group may be a classic one by now.
      protocol!.close(0);
      group!.protocol = undefined;
      return;
    }
    if (!(protocol instanceof ConsumerGroup)) {
      group ??= coordinator.create(groupId);
      protocol = group.protocol = new MixedGroup(coordinator, group);
    }
    (protocol as ConsumerGroup).state.replay(part, name, value);
  },
  serving(coordinator) {
    for (const { protocol } of coordinator.groups())
      if (protocol instanceof ConsumerGroup) protocol.serving();
  },
};
