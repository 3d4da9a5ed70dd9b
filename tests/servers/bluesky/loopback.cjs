// node -r loopback.cjs: a server that names no host listens on 127.0.0.1 only.
const net = require('node:net');

const everywhere = (host) => !host || host === '0.0.0.0' || host === '::';
const isPort = (value) => value === undefined || /^\d+$/.test(String(value));
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...args) {
  const [first, second] = args;
  if (first !== null && typeof first === 'object') {
    if (first.port !== undefined && everywhere(first.host)) args[0] = { ...first, host: '127.0.0.1' };
  } else if (isPort(first)) {
    if (typeof second !== 'string') args.splice(1, 0, '127.0.0.1');
    else if (everywhere(second)) args[1] = '127.0.0.1';
  }
  return listen.apply(this, args);
};
