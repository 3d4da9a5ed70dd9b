// An OpenID Connect provider (oidc-provider, which is certified) with its own pages for login and
// consent. Clients register themselves (OpenID Connect Dynamic Client Registration 1.0).
// Whoever logs in as NAME is NAME@ostrelund.example; the password is not looked at.
import crypto from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { OIDC_HOME, ISSUER } = process.env;
const require = createRequire(`${OIDC_HOME}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const key = (type, options, more) => ({
  ...crypto.generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  use: "sig",
  ...more,
});
const domain = "ostrelund.example";
const special = {
  stranger: { email: "stranger@elsewhere.example" },
  unverified: { email_verified: false },
  nobody: { email: undefined, email_verified: undefined },
  thief: { email: `kim@${domain}` },
};

const provider = new Provider(ISSUER, {
  claims: { email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@${domain}`,
      email_verified: true,
      name: `${id[0].toUpperCase()}${id.slice(1)} of the Provider`,
      ...special[id],
    }),
  }),
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
  },
  clientDefaults: { id_token_signed_response_alg: "RS256" },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "HS256", "EdDSA"] },
  cookies: { keys: [crypto.randomBytes(16).toString("hex")] },
  jwks: {
    keys: [
      key("rsa", { modulusLength: 2048 }, { alg: "RS256", kid: "first" }),
      key("ec", { namedCurve: "P-256" }, { alg: "ES256", kid: "second" }),
    ],
  },
  pkce: { required: () => true },
});
provider.listen(Number(new URL(ISSUER).port), "127.0.0.1");
