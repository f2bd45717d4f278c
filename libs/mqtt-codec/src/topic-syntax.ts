const SHARE_PREFIX = '$share/';

/** Why text is no topic name or filter, with the normative statement of MQTT 5. */
export interface TopicFault {
  readonly clause: string;
  readonly fault: string;
}

/**
 * What a topic name violates. Length, UTF-8 and NUL are rules of every string and are checked where strings are decoded;
 * how many levels a topic may have is the gateway's to limit.
 */
export function topicNameFault(name: string): TopicFault | undefined {
  if (name === '') return { clause: 'MQTT-4.7.3-1', fault: 'topic name without a character' };
  if (name.includes('+') || name.includes('#')) {
    return { clause: 'MQTT-4.7.0-1', fault: 'wildcard in a topic name' };
  }
  return undefined;
}

/**
 * What a topic filter violates. `$share/` is reserved for shared subscriptions at all levels, though only MQTT 5 defines
 * them: 3.1.1 clients use them on most servers, and one text must not mean two things.
 */
export function topicFilterFault(filter: string): TopicFault | undefined {
  if (!isSharedFilter(filter)) return plainFilterFault(filter);
  const shareEnd = filter.indexOf('/', SHARE_PREFIX.length);
  const shareName = filter.slice(SHARE_PREFIX.length, shareEnd < 0 ? undefined : shareEnd);
  if (shareName === '') return { clause: 'MQTT-4.8.2-1', fault: 'share name without a character' };
  if (shareName.includes('+') || shareName.includes('#')) {
    return { clause: 'MQTT-4.8.2-2', fault: 'wildcard in a share name' };
  }
  if (shareEnd < 0) return { clause: 'MQTT-4.8.2-2', fault: 'shared subscription without a topic filter' };
  const fault = plainFilterFault(filter.slice(shareEnd + 1));
  return fault?.clause === 'MQTT-4.7.3-1'
    ? { clause: 'MQTT-4.8.2-2', fault: 'shared subscription without a topic filter' }
    : fault;
}

function plainFilterFault(filter: string): TopicFault | undefined {
  if (filter === '') return { clause: 'MQTT-4.7.3-1', fault: 'topic filter without a character' };
  const last = filter.length - 1;
  const hash = filter.indexOf('#');
  if (hash >= 0 && (hash < last || (hash > 0 && filter[hash - 1] !== '/'))) {
    return { clause: 'MQTT-4.7.1-1', fault: '# that is not the whole last level' };
  }
  for (let at = filter.indexOf('+'); at >= 0; at = filter.indexOf('+', at + 1)) {
    if ((at > 0 && filter[at - 1] !== '/') || (at < last && filter[at + 1] !== '/')) {
      return { clause: 'MQTT-4.7.1-2', fault: '+ that is not a whole level' };
    }
  }
  return undefined;
}

export function isSharedFilter(filter: string): boolean {
  return filter.startsWith(SHARE_PREFIX);
}

/** The parts of a valid shared subscription's filter; undefined for any other filter. */
export function splitSharedFilter(filter: string): { shareName: string; filter: string } | undefined {
  if (!isSharedFilter(filter)) return undefined;
  const shareEnd = filter.indexOf('/', SHARE_PREFIX.length);
  if (shareEnd < 0) return undefined;
  return { shareName: filter.slice(SHARE_PREFIX.length, shareEnd), filter: filter.slice(shareEnd + 1) };
}
