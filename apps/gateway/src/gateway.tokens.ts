/** Names under which Nest provides what has no class of its own. */
export const GATEWAY_CONFIG = Symbol('GatewayConfig');
/** The file that the configuration was read from; undefined where there is none. */
export const CONFIG_FILE = Symbol('ConfigFile');
export const LOG = Symbol('Log');
/** The protocols and their listeners, in the order in which they are opened. */
export const PROTOCOLS = Symbol('Protocols');
