import { AppError } from '../../../shared/errors/index.js';

export const erasureErrors = {
  notFound: (erasureId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'ERASURE_NOT_FOUND', message: `There is no erasure "${erasureId}" here; DELETE /api/v1/crm/users/:userId begins one and answers its id.`, details: { field: 'erasureId' } }),
};
