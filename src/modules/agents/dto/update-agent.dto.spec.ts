import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import { CreateAgentDto } from './create-agent.dto.js';
import { UpdateAgentDto } from './update-agent.dto.js';

/** Field → its rules, but for whether it may be left out or null. */
function rulesOf(dto: new () => object): Record<string, string[]> {
  const rules: Record<string, string[]> = {};
  for (const { propertyName, type, name, constraints, each } of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    if (type !== 'conditionalValidation') (rules[propertyName] ??= []).push(`${String(name)} ${String(each)} ${(constraints ?? []).map(String).join()}`);
  }
  return rules;
}

describe('the rules of an edit', () => {
  it('are those of a new agent, for each of its fields', () => {
    const { isActive, ...edit } = rulesOf(UpdateAgentDto);
    expect(edit).toEqual(rulesOf(CreateAgentDto));
    expect(Object.keys(edit)).toHaveLength(21);
    expect(isActive).toHaveLength(1);
  });

  it('give no field a value that nobody sent', () => {
    expect(new UpdateAgentDto()).toEqual({});
  });
});
