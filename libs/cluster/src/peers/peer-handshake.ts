import { type Link, MalformedFrame } from '#libs/transport';
import { encodeFrame, frameKinds, nonceBytes, type PeerFrame } from './peer-frame.js';
import { clientMac, encodeProof, isEqualMac, newNonce, serverMac } from './peer-proof.js';

/** Who proves itself. */
export interface PeerIdentity {
  /** Of this gateway, as it says itself. */
  readonly selfId: () => number;
  /** What the other asks to prove. */
  readonly secret: string;
}

/** The first two frames of the side that connects: it answers a challenge, and sees that the other knows the secret too. */
export class PeerHandshake {
  readonly #nonce = newNonce();
  #challenge: Buffer | undefined;

  constructor(
    private readonly link: Link,
    private readonly identity: PeerIdentity,
  ) {}

  /**
   * @returns whether the other has proved itself: the next frame is not the handshake's
   * @throws MalformedFrame when it is no gateway of this cluster
   */
  onFrame({ kind, body }: PeerFrame): boolean {
    if (this.#challenge === undefined) this.#onChallenge(kind, body);
    else {
      const expected = serverMac(this.identity.secret, this.#challenge, this.#nonce);
      if (kind !== frameKinds.welcome || !isEqualMac(expected, body)) throw notAGateway();
      return true;
    }
    return false;
  }

  #onChallenge(kind: number, body: Buffer): void {
    if (kind !== frameKinds.challenge || body.length !== nonceBytes) throw notAGateway();
    // A view on the socket's bytes, which later ones follow.
    this.#challenge = Buffer.from(body);
    const { secret, selfId } = this.identity;
    const [nodeId, nonce] = [selfId(), this.#nonce];
    const mac = clientMac(secret, this.#challenge, nodeId, nonce);
    this.link.send(encodeFrame(frameKinds.proof, encodeProof({ nodeId, nonce, mac })));
  }
}

function notAGateway(): MalformedFrame {
  return new MalformedFrame('not-a-gateway', 'who is there does not know the secret of the gateways');
}
