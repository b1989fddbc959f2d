import { IsIn } from 'class-validator';
import { IsTime, Optional } from '../../../contracts/index.js';
import { EXPORT_FORMATS, type ExportFormat } from '../export/export-format.js';

export class ExportQueryDto {
  @IsIn(EXPORT_FORMATS) format: ExportFormat = 'ndjson';
}

export class TenantExportQueryDto extends ExportQueryDto {
  /** Begun at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Begun before this time. */
  @Optional() @IsTime() to?: Date;
}
