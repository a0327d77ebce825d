/**
 * The twenty code bases of the proof of concept: what a package published, release after release. They are small and large, and
 * written in JavaScript, TypeScript, C, C++, Objective-C, Swift, Java, Kotlin, Python and Go, with templates in YAML and Dockerfiles.
 */

export interface CodeBase {
  /** Folder and name of the repository. */
  readonly name: string;
  readonly package: string;
  /** Oldest first: one commit each. */
  readonly releases: readonly string[];
}

export const CODE_BASES: readonly CodeBase[] = [
  { name: 'express', package: 'express', releases: ['4.16.4', '4.17.3', '4.21.2', '5.1.0', '5.2.1'] },
  { name: 'fastify', package: 'fastify', releases: ['4.29.1', '5.4.0', '5.6.2', '5.8.5'] },
  { name: 'koa', package: 'koa', releases: ['2.7.0', '2.11.0', '2.16.4', '3.0.3', '3.2.1'] },
  { name: 'pino', package: 'pino', releases: ['9.6.0', '9.9.5', '9.14.0', '10.3.1'] },
  { name: 'undici', package: 'undici', releases: ['7.30.2', '8.0.3', '8.4.1', '8.12.4'] },
  { name: 'protobufjs', package: 'protobufjs', releases: ['7.1.2', '7.4.0', '7.6.6', '8.4.2'] },
  { name: 'commander', package: 'commander', releases: ['9.5.0', '11.1.0', '12.1.0', '13.1.0', '14.0.3', '15.1.0'] },
  { name: 'knex', package: 'knex', releases: ['0.95.15', '1.0.7', '2.5.1', '3.1.0'] },
  { name: 'serverless', package: 'serverless', releases: ['2.30.0', '2.50.0', '2.72.4'] },
  { name: 'create-app', package: '@backstage/create-app', releases: ['0.7.1', '0.7.9', '0.8.4', '0.9.2'] },
  { name: 'node-gyp', package: 'node-gyp', releases: ['10.3.1', '11.5.0', '12.4.0', '13.1.0'] },
  { name: 'node-addon-api', package: 'node-addon-api', releases: ['6.1.0', '7.1.1', '8.3.1', '8.9.2'] },
  { name: 'nan', package: 'nan', releases: ['2.17.0', '2.22.2', '2.30.0'] },
  { name: 'better-sqlite3', package: 'better-sqlite3', releases: ['12.0.0', '12.6.2', '12.11.1', '13.2.0'] },
  { name: 'screens', package: 'react-native-screens', releases: ['4.16.0', '4.20.0', '4.24.0', '4.28.0'] },
  { name: 'svg', package: 'react-native-svg', releases: ['15.3.0', '15.8.0', '15.12.1', '15.15.5'] },
  {
    name: 'async-storage',
    package: '@react-native-async-storage/async-storage',
    releases: ['1.18.2', '1.24.0', '2.2.0', '3.1.1'],
  },
  { name: 'webview', package: 'react-native-webview', releases: ['13.8.7', '13.12.5', '13.16.2', '15.0.0'] },
  { name: 'capacitor-ios', package: '@capacitor/ios', releases: ['6.2.2', '7.6.9', '8.2.0', '8.5.2'] },
  { name: 'capacitor-android', package: '@capacitor/android', releases: ['6.2.2', '7.6.9', '8.2.0', '8.5.2'] },
];
