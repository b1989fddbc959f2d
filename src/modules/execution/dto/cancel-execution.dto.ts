import { IsString, Length } from 'class-validator';
import { Optional } from '../../../contracts/index.js';

export class CancelExecutionDto {
  /** Why, for people; kept with the execution. */
  @Optional() @IsString() @Length(1, 500) reason?: string;
}
