/** Opens one socket. */
export class SocketTicketDto {
  /** Single use. */
  ticket!: string;
  expiresAt!: Date;
  /** Where to connect, beside this server's address: `/ws?ticket=…`. */
  url!: string;
}
