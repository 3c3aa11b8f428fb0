// The certified oidc-provider as a province might run it: one confidential client, PKCE, its own sign-in pages.
import Provider from 'oidc-provider';

const { ISSUER, CLIENT, SECRET, BACK } = process.env;
const provider = new Provider(ISSUER, {
  clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [BACK] }],
  claims: { openid: ['sub'], profile: ['preferred_username'] },
  pkce: { required: () => true },
  cookies: { keys: ['for tests alone'] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
});
provider.listen(Number(new URL(ISSUER).port), '127.0.0.1');
