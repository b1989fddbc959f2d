import { IsId } from './fields.js';

/** `crm.erase_user`: one pass of an erasure that was asked for. */
export class EraseUserData {
  @IsId() erasureId!: string;
}

/** How far it is. */
export interface ErasedUserAnswer {
  readonly erasureId: string;
  readonly status: string;
}

/** `crm.sweep_erasures`: look after erasures that nobody works on any more, in every tenant. */
export class SweepErasuresData {}
