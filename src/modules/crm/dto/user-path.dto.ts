import { Matches } from 'class-validator';
import { CLIENT_ID } from '../../../contracts/index.js';

export class UserPathDto {
  @Matches(CLIENT_ID) userId!: string;
}
