/** A topic filter of MQTT (section 4.7) by its levels. Without `$share/`. */
export type MqttFilter = readonly string[];

const anyLevel = '+';
const anyLevels = '#';

/** Why text is no topic filter that a rule could be about, or undefined. */
export function mqttFilterFault(filter: string): string | undefined {
  if (filter === '') return 'a filter is not empty';
  if (filter.includes('\0')) return 'a filter has no NUL';
  if (filter.startsWith('$share/')) {
    return 'a rule is about the filter behind "$share/<name>/": who may subscribe to it may share it';
  }
  const levels = filter.split('/');
  const odd = levels.find((level, at) => {
    if (level === anyLevels) return at < levels.length - 1;
    return level !== anyLevel && /[+#]/.test(level);
  });
  return odd === undefined ? undefined : '"+" and "#" are whole levels of a filter, and "#" is its last';
}

/** Whether a topic name is what the filter says. Takes no memory: clients choose the names. */
export function filterMatches(filter: MqttFilter, topic: string): boolean {
  if (isWild(filter[0]) && topic.startsWith('$')) return false;
  let start = 0;
  for (const wanted of filter) {
    // Of the level above, too (section 4.7.1.2).
    if (wanted === anyLevels) return true;
    if (start > topic.length) return false;
    const slash = topic.indexOf('/', start);
    const end = slash < 0 ? topic.length : slash;
    if (wanted !== anyLevel && (wanted.length !== end - start || !topic.startsWith(wanted, start)))
      return false;
    start = end + 1;
  }
  return start > topic.length;
}

/** Whether every topic name that `other` says, `filter` says too. A topic name is the filter of itself. */
export function filterCovers(filter: MqttFilter, other: MqttFilter): boolean {
  if (isHidden(filter, other)) return false;
  for (let at = 0; ; at++) {
    const wanted = filter[at];
    const level = other[at];
    if (wanted === anyLevels) return true;
    if (wanted === undefined || level === undefined) return wanted === level;
    if (level === anyLevels || (wanted !== anyLevel && wanted !== level)) return false;
  }
}

/** Whether there is a topic name that both say. */
export function filtersOverlap(one: MqttFilter, other: MqttFilter): boolean {
  if (isHidden(one, other) || isHidden(other, one)) return false;
  for (let at = 0; ; at++) {
    const first = one[at];
    const second = other[at];
    if (first === anyLevels || second === anyLevels) return true;
    if (first === undefined || second === undefined) return first === second;
    if (first !== anyLevel && second !== anyLevel && first !== second) return false;
  }
}

/** What every topic name that the filter says begins with. */
export function filterHead(filter: string): string {
  const wildcard = filter.search(/[+#]/);
  if (wildcard < 0) return filter;
  // `a/#` says `a` too.
  return filter[wildcard] === anyLevels
    ? filter.slice(0, Math.max(0, wildcard - 1))
    : filter.slice(0, wildcard);
}

export function hasWildcard(filter: string): boolean {
  return /[+#]/.test(filter);
}

/** Wildcards in the first level do not say names that begin with `$` [MQTT-4.7.2-1]. */
function isHidden(filter: MqttFilter, other: MqttFilter): boolean {
  return isWild(filter[0]) && other[0]!.startsWith('$');
}

function isWild(level: string | undefined): boolean {
  return level === anyLevel || level === anyLevels;
}
