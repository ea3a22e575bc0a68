// `quick` (in `npm run check`), `slow` (real OpenClaw, gcloud, a browser), `e2e` (VMs), and by themselves
// `install`: a VM that installs everything from Debian and npm, ten minutes (`npm run install-test`),
// `long`: four channels in one gateway (`npm run channels-test`).
const shared = {
  testEnvironment: 'node',
  // The plugin's package.json bears our name; what is built is looked at by path alone.
  modulePathIgnorePatterns: ['<rootDir>/templates/', '<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
};

export default {
  // A guard against hanging, not a claim: two workers share two cores with gateways and VMs.
  testTimeout: 120_000,
  projects: [
    {
      ...shared,
      displayName: 'quick',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.(slow|e2e|install|long)\\.test\\.ts$'],
    },
    { ...shared, displayName: 'slow', testMatch: ['<rootDir>/test/**/*.slow.test.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/**/*.e2e.test.ts'] },
    { ...shared, displayName: 'long', testMatch: ['<rootDir>/test/**/*.long.test.ts'] },
    { ...shared, displayName: 'install', testMatch: ['<rootDir>/test/**/*.install.test.ts'] },
  ],
};
