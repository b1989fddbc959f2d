import { IsIn, IsString, Length } from 'class-validator';
import { MODEL_PROVIDERS, type ModelProvider, Optional } from '../../../contracts/index.js';

/** A model, and who serves it. */
export class ModelChoiceDto {
  /** Default: as the model's name says. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
  @IsString() @Length(1, 200) model!: string;
}

/** A model that was chosen. */
export class ChosenModelDto {
  provider!: ModelProvider;
  model!: string;
}
