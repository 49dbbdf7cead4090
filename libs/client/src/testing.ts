export { type FakeConnectOptions, FakeRegion, type FakeRegionOptions } from './fake/fake-region.ts'
