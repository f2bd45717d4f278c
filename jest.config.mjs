// jest runs the compiled output (`npm run build` first), so what is tested is what ships. `npm test` adds the embedded
// Pulsar and its own reporter; `npm run jest -- PATTERN` alone uses PULSEGATE_TEST_PULSAR_URL or pulsar://127.0.0.1:6650.
export default {
  rootDir: 'dist',
  testEnvironment: 'node',
  // A check is a suite with a short form, which runs here, and a full one (`npm run check -- NAME`).
  testMatch: ['**/*.spec.js', '**/*.check.js'],
  transform: {},
  // The full form of a check has its own limits inside.
  testTimeout: process.env.PULSEGATE_CHECK_FORM === 'full' ? 3_600_000 : 60_000,
};
