import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../protocol.js';
import { certificateAttributes } from './certificate-attributes.js';

/**
 * The client's certificate, when it was asked for and verified. A resumed session tells of its certificate what was true
 * when it began, so the time is looked at again.
 *
 * @throws DerFault when its names cannot be told for sure
 */
export function peerCertificate(socket: TLSSocket, nowMs = Date.now()): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const expiresAtMs = Date.parse(certificate.validTo);
  // Not `expiresAtMs < nowMs`: an end that cannot be read is over too.
  if (!(expiresAtMs >= nowMs)) return undefined;
  return {
    subject: certificate.subject,
    subjectAltName: certificate.subjectAltName ?? '',
    fingerprint256: certificate.fingerprint256,
    attributes: certificateAttributes(certificate.raw),
    expiresAtMs,
  };
}
