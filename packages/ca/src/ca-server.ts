// SPDX-License-Identifier: Apache-2.0
import { certificateAuthority, issuanceLedger, istioCertificateService, loadSignetDescriptorSet } from '@signet/proto';
import {
  createGrpcServer,
  listenPort,
  service,
  type CallContext,
  type GrpcServer,
  type Listener,
  type ServiceRegistration,
  type TlsMaterial,
} from '@signet/runtime';
import type { CaDeps } from './app.ts';
import type { CaContext } from './ca-context.ts';
import { createCertificate } from './grpc/create-certificate.ts';
import { getIssuance } from './grpc/get-issuance.ts';
import { getTrustBundle } from './grpc/get-trust-bundle.ts';
import { issueCertificate } from './grpc/issue-certificate.ts';
import { listIssuances } from './grpc/list-issuances.ts';
import { listRefusals } from './grpc/list-refusals.ts';
import { watchIssuances } from './grpc/watch-issuances.ts';
import { watchTrustBundle } from './grpc/watch-trust-bundle.ts';

/** Larger than any honest request, and large enough that an oversized CSR reaches the check that names it. */
const messageBytesMax = 2 * 1024 * 1024;

/** The services of the CA, the same on both listeners. */
export function createCaServices(ca: CaContext): readonly ServiceRegistration[] {
  return [
    service(certificateAuthority, {
      IssueCertificate: issueCertificate(ca),
      GetTrustBundle: getTrustBundle(ca),
      WatchTrustBundle: watchTrustBundle(ca),
    }),
    service(issuanceLedger, {
      GetIssuance: getIssuance(ca),
      ListIssuances: listIssuances(ca),
      ListRefusals: listRefusals(ca),
      WatchIssuances: watchIssuances(ca),
    }),
    service(istioCertificateService, { CreateCertificate: createCertificate(ca) }),
  ];
}

/** One listener for tokens, one that always requires a certificate. */
export function createCaServer(o: {
  readonly deps: CaDeps;
  readonly context: CaContext;
  readonly authorise: (context: CallContext, method: string) => Promise<void>;
  readonly material: () => TlsMaterial | undefined;
}): GrpcServer {
  const { config, logger, metrics, clock } = o.deps;
  const services = createCaServices(o.context);
  const listener = (name: 'token' | 'mtls'): Listener => ({
    name,
    host: config.listen.host,
    port: listenPort(config, name === 'token' ? 'caToken' : 'caMtls'),
    clientCertificate: name === 'token' ? 'none' : 'require',
    services,
    authorise: o.authorise,
    messageBytesMax,
  });
  return createGrpcServer({
    listeners: [listener('token'), listener('mtls')],
    material: o.material,
    logger,
    metrics,
    clock,
    descriptorSet: loadSignetDescriptorSet(),
  });
}
