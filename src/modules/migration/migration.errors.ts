import { AppError } from '../../shared/errors/index.js';

export const migrationErrors = {
  tenantMismatch: (named: string): AppError =>
    new AppError({ kind: 'forbidden', code: 'TENANT_MISMATCH', message: `The API key does not belong to tenant "${named}"; leave tenantId out for the numbers of your own.`, details: { field: 'tenantId' } }),
};
