/** What this gateway counts of one tenant's MQTT clients: plain numbers that connections and handlers add to. */
export class TenantTraffic {
  clientsConnected = 0;
  clientsMaximum = 0;
  /** All packets, of any type. */
  messagesReceived = 0;
  messagesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  publishMessagesReceived = 0;
  publishMessagesSent = 0;
  publishMessagesDropped = 0;
  /** Payloads alone. */
  publishBytesReceived = 0;
  publishBytesSent = 0;
  subscriptions = 0;

  connected(): void {
    this.clientsConnected++;
    if (this.clientsConnected > this.clientsMaximum) this.clientsMaximum = this.clientsConnected;
  }

  disconnected(): void {
    this.clientsConnected--;
  }
}
