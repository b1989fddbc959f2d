import { AppError } from '../../../shared/errors/index.js';

export const webhookErrors = {
  off: (): AppError =>
    new AppError({ kind: 'forbidden', code: 'WEBHOOKS_OFF', message: 'Webhooks are off on this server until its operator sets WEBHOOK_SECRET. Leave webhookUrl out, and follow the events or ask for the execution.' }),
  targetRefused: (reason: AppError): AppError =>
    new AppError({ kind: 'invalid', code: 'WEBHOOK_URL_REFUSED', message: `webhookUrl: ${reason.message}`, details: { field: 'webhookUrl', reason: reason.code }, cause: reason }),
  deliveryNotFound: (deliveryId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'WEBHOOK_DELIVERY_NOT_FOUND', message: `There is no webhook delivery "${deliveryId}" here; it has the id of its execution.`, details: { field: 'deliveryId' } }),
};
