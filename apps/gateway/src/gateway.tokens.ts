/** Names under which Nest provides what has no class of its own. */
export const GATEWAY_CONFIG = Symbol('GatewayConfig');
export const LOG = Symbol('Log');
