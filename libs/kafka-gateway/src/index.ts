export { type KafkaOptions, kafkaOptionsSchema } from './kafka.options.js';
export { KafkaProtocol, type KafkaServices } from './kafka.protocol.js';
export { KafkaGatewayModule } from './kafka-gateway.module.js';
