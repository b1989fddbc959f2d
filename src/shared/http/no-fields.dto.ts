/** The body of a call that has nothing to say: none, or `{}`. A field in it is a misunderstanding, and refused. */
export class NoFieldsDto {}
