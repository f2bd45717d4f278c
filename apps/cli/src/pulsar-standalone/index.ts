export {
  obtainPulsar,
  type PulsarStandalone,
  type PulsarStandaloneOptions,
  startPulsar,
} from './pulsar-standalone.js';
export { pulsarVersion } from './pulsar-jars.js';
export { startWatchedProcess, type WatchedProcess } from './watched-process.js';
export { findFreePort, isPortFree } from './free-port.js';
