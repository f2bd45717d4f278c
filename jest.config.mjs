// jest runs the compiled output (`npm run build` first), so what is tested is what ships.
export default {
  rootDir: 'dist',
  testEnvironment: 'node',
  testMatch: ['**/*.spec.js'],
  transform: {},
  // Nothing outside dist is watched or collected: the embedded broker's data lives in .pulsegate.
  modulePathIgnorePatterns: [],
  testTimeout: 60_000,
};
