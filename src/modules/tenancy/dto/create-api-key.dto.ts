import { ArrayMinSize, ArrayUnique, IsIn, IsISO8601, IsOptional, IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID } from '../../../contracts/index.js';
import { SCOPES, type Scope } from '../principal.js';

export class CreateApiKeyDto {
  @Matches(CLIENT_ID) tenantId!: string;
  /** What the key is for, for people. */
  @IsString() @Length(1, 200) name!: string;
  @ArrayMinSize(1) @ArrayUnique() @IsIn(SCOPES, { each: true }) scopes!: Scope[];
  /** ISO-8601; default: never. */
  @IsOptional() @IsISO8601() expiresAt?: string;
}
