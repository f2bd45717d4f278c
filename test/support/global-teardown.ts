// After the last suite. Killed: what it stored is not read again. Where this is never reached, the embedded Pulsar ends with the process that started it.
export default async function tearDown(): Promise<void> {
  await globalThis.pulsegateTestPulsar?.kill();
}
