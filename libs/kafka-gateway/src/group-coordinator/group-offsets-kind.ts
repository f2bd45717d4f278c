import type { GroupRecordKind } from './group-coordinator.js';
import { offsetRecordPrefix, parseOffset } from './group-offsets.js';
import { recordKeyNames } from './group-record.js';

/** Keys `offset/<group>/<topic>/<partition>`. */
export const offsetRecords: GroupRecordKind = {
  prefix: offsetRecordPrefix,
  replay(coordinator, key, value) {
    const [groupId = '', topic = '', partition = ''] = recordKeyNames(offsetRecordPrefix, key);
    if (value === null) {
      coordinator.group(groupId)?.offsets.delete(topic, Number(partition));
      return;
    }
    const committed = parseOffset(value);
    const group = coordinator.group(groupId) ?? coordinator.create(groupId);
    group.offsets.set(topic, Number(partition), committed);
  },
};
