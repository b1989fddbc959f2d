import { Param, type PipeTransform } from '@nestjs/common';
import { LABEL } from '../conversations/index.js';
import { crmErrors } from './crm.errors.js';

/** The path parameter `label`; what is none is refused by its name. */
export function LabelParam(): ParameterDecorator {
  return Param('label', LABEL_ONLY);
}

const LABEL_ONLY: PipeTransform<string, string> = {
  transform: (label) => {
    if (!LABEL.test(label)) throw crmErrors.labelInvalid();
    return label;
  },
};
