// The PDS. In: BLUESKY_HOME, PDS_PORT, PDS_DATA (kept between starts), PLC_URL.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { BLUESKY_HOME, PDS_DATA, PDS_PORT, PLC_URL } = process.env;
const entry = path.join(BLUESKY_HOME, 'node_modules/@atproto/pds/dist/index.js');
const { PDS } = await import(pathToFileURL(entry).href);

const server = await PDS.fromEnv({
  devMode: true, // http and a host name without a dot
  hostname: 'localhost',
  port: Number(PDS_PORT),
  dataDirectory: PDS_DATA,
  blobstoreDiskLocation: path.join(PDS_DATA, 'blobs'),
  blobstoreDiskTmpLocation: path.join(PDS_DATA, 'blobs-tmp'),
  didPlcUrl: PLC_URL,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  enableDidDocWithSession: true, // as bsky.social does
  disableSsrfProtection: true,
  bskyAppViewUrl: 'https://appview.invalid',
  bskyAppViewDid: 'did:example:invalid',
  modServiceUrl: 'https://moderator.invalid',
  modServiceDid: 'did:example:invalid',
  // Fixed, so that sessions and keys outlive a restart.
  adminPassword: 'admin-pass',
  jwtSecret: 'jwt-secret-of-the-tests',
  plcRotationKeyK256PrivateKeyHex: '1f'.repeat(32),
});
await server.start();
