/** As RabbitMQ takes the names of exchanges and queues: without line ends. */
export function declaredName(said: string): string {
  return /[\r\n]/.test(said) ? said.replaceAll(/[\r\n]/g, '') : said;
}
