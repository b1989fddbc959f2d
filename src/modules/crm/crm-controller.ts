import { applyDecorators, Controller } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { RequiresScope, TenantInPath } from '../tenancy/index.js';

/**
 * A controller of the CRM, for operators, under two paths: `/api/v1/crm/…` for the caller's own tenant, and `/api/v1/crm/tenants/:tenantId/…`, by which an
 * administrator names any. The guard sees to it that the principal is of the tenant that the path names.
 *
 * @param path behind it, such as `conversations`, or '' for several
 * @source seed 000: the CRM's routes name their tenant; behaviours.md T-10
 */
export function CrmController(path: string): ClassDecorator {
  const paths = ['api/v1/crm', 'api/v1/crm/tenants/:tenantId'].map((base) => (path === '' ? base : `${base}/${path}`));
  return applyDecorators(ApiTags('crm'), ApiBearerAuth(), RequiresScope('operator'), TenantInPath(), Controller(paths));
}
