// PDS, PLC directory and AppView together. In: BLUESKY_HOME, READY_FILE, the ports,
// DB_POSTGRES_URL and REDIS_HOST.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const { BLUESKY_HOME, READY_FILE, PDS_PORT, PLC_PORT, APPVIEW_PORT, OZONE_PORT } = process.env;
const entry = path.join(BLUESKY_HOME, 'node_modules/@atproto/dev-env/dist/index.js');
const { TestNetwork } = await import(pathToFileURL(entry).href);

await TestNetwork.create({
  dbPostgresSchema: 'dev',
  pds: { port: Number(PDS_PORT), hostname: 'localhost', enableDidDocWithSession: true },
  plc: { port: Number(PLC_PORT) },
  bsky: { port: Number(APPVIEW_PORT), publicUrl: `http://localhost:${APPVIEW_PORT}` },
  ozone: { port: Number(OZONE_PORT) },
});
fs.writeFileSync(READY_FILE, 'ready\n');
setInterval(() => {}, 1 << 30);
