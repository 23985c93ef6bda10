// An identity provider for tests on a free port of 127.0.0.1: everybody who comes is signed in as
// the user of the login hint, without a page.
//
// usage: node provider.mjs RS256|ES256|EdDSA id_token|userinfo basic|post|none
//
// Prints its port and ends when its standard input does.

import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [alg, where, method] = process.argv.slice(2);
const pairs = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};
const key = (name) => ({
  ...generateKeyPairSync(...pairs[name]).privateKey.export({ format: 'jwk' }),
  use: 'sig', alg: name, kid: `${name}-1`,
});
const users = {
  wang: { real_name: '王秀英', doc_no: '11010519491231002X', doc_type: '01' },
  stranger: { real_name: '李伟', doc_no: '34052419800101001X', doc_type: '01' },
  impostor: { real_name: '李伟', doc_no: '11010519491231002X', doc_type: '01' },
  nameless: { doc_no: '11010519491231002X', doc_type: '01' },
  odd: { real_name: '王秀英', doc_no: '11010519491231002X', doc_type: '99' },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: 'agency',
      ...(method === 'none' ? {} : { client_secret: 'a secret: with/odd+characters' }),
      token_endpoint_auth_method: method === 'none' ? 'none' : `client_secret_${method}`,
      redirect_uris: ['http://127.0.0.1:1/back'],
      id_token_signed_response_alg: alg,
    }],
    // RS256 is there for the client's sake of no other kind: a set of several keys.
    jwks: { keys: alg === 'RS256' ? [key(alg)] : [key('RS256'), key(alg)] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    clientAuthMethods: [method === 'none' ? 'none' : `client_secret_${method}`],
    claims: { openid: ['sub'], identity: ['real_name', 'doc_no', 'doc_type'] },
    scopes: ['openid', 'identity'],
    conformIdTokenClaims: where === 'userinfo',
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (ctx, id) => ({
      accountId: id, claims: () => ({ sub: id, ...users[id] }),
    }),
    cookies: { keys: ['for tests'] },
  });
  const flow = provider.callback();
  server.on('request', async (req, res) => {
    if (!req.url.startsWith('/interaction/')) return flow(req, res);
    const { prompt, params } = await provider.interactionDetails(req, res);
    if (prompt.name === 'login') {
      const accountId = params.login_hint ?? 'wang';
      return provider.interactionFinished(req, res, { login: { accountId } });
    }
    const { session } = await provider.interactionDetails(req, res);
    const grant = new provider.Grant({ accountId: session.accountId, clientId: 'agency' });
    grant.addOIDCScope('openid identity');
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } });
  });
  console.log(port);
});
process.stdin.on('end', () => process.exit(0)).resume();
