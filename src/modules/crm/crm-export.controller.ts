import { Get, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiProduces } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { newId } from '../../contracts/index.js';
import { UuidParam } from '../../shared/http/index.js';
import { Audited, CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { ExportQueryDto, TenantExportQueryDto } from './dto/export.dto.js';
import { UserPathDto } from './dto/user-path.dto.js';
import { type ExportFormat, LINE_FORMATS } from './export/export-format.js';
import type { ExportRecord } from './export/export-record.js';
import { type ExportFacts, exportText } from './export/export-text.js';
import { PersonalExport } from './export/personal-export.service.js';
import { pseudonymOfPath } from './user-target.js';

/** Text that is ready for a client who does not read, bytes; nothing more is read from the stores until he does. */
const BUFFER_BYTES = 65_536;

@ApiProduces('application/x-ndjson', 'text/csv')
@CrmController('')
export class CrmExportController {
  constructor(private readonly exports: PersonalExport) {}

  /** One conversation with all of its messages, of both stores, and its executions, as a stream. Its last line is a receipt; without it something is missing. */
  @Get('conversations/:conversationId/export')
  @Audited('conversation.export', { target: 'conversationId', says: ['format'] })
  async conversation(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Query() { format }: ExportQueryDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<StreamableFile> {
    return streamed({ tenantId, conversationId }, await this.exports.ofConversation({ tenantId, conversationId }), format, reply);
  }

  /** Everything of a user: his conversations with all messages, his executions with their results, his commands. A user whom nobody knows has nothing. */
  @Get('users/:userId/export')
  @Audited('user.export', { target: pseudonymOfPath, says: ['format'] })
  user(@CurrentPrincipal() { tenantId }: Principal, @Param() { userId }: UserPathDto, @Query() { format }: ExportQueryDto, @Res({ passthrough: true }) reply: FastifyReply): StreamableFile {
    return streamed({ tenantId, userId }, this.exports.ofUser(tenantId, userId), format, reply);
  }

  /** Every conversation of the tenant that began in a stretch of time, as above. */
  @Get('export')
  @Audited('tenant.export', { says: ['from', 'to', 'format'] })
  tenant(@CurrentPrincipal() { tenantId }: Principal, @Query() { from, to, format }: TenantExportQueryDto, @Res({ passthrough: true }) reply: FastifyReply): StreamableFile {
    return streamed({ tenantId, from: from ?? null, to: to ?? null }, this.exports.ofTenant(tenantId, { from, to }), format, reply);
  }
}

/** No faster than the client reads; a client that goes away ends it. */
function streamed(facts: ExportFacts, records: AsyncIterable<ExportRecord>, format: ExportFormat, reply: FastifyReply): StreamableFile {
  const text = exportText({ exportId: newId(), exportedAt: new Date().toISOString(), ...facts }, records, format);
  const stream = Readable.from(text, { objectMode: false, highWaterMark: BUFFER_BYTES });
  void reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  return new StreamableFile(stream, { type: LINE_FORMATS[format].mediaType, disposition: `attachment; filename="export.${format}"` });
}
