import { ArrayMinSize, ArrayUnique, IsIn, IsISO8601, IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID, Optional } from '../../../contracts/index.js';
import { SCOPES, type Scope } from '../principal.js';

export class CreateApiKeyDto {
  @Matches(CLIENT_ID) tenantId!: string;
  /** What the key is for, for people. */
  @IsString() @Length(1, 200) name!: string;
  @ArrayMinSize(1) @ArrayUnique() @IsIn(SCOPES, { each: true }) scopes!: Scope[];
  /** ISO-8601; default: never. */
  @Optional() @IsISO8601({ strict: true, strictSeparator: true }) expiresAt?: string;
}
