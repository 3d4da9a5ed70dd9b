// The PLC directory (who has which DID), in memory. In: BLUESKY_HOME, PLC_PORT.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = path.join(process.env.BLUESKY_HOME, 'node_modules');
const { default: plc } = await import(pathToFileURL(path.join(modules, '@did-plc/server/dist/index.js')).href);
const server = plc.PlcServer.create({ db: plc.Database.mock(), port: Number(process.env.PLC_PORT) });
await server.start();
