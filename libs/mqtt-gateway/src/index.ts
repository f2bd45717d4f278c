export { asMqttError, MqttError } from './mqtt.errors.js';
