export { AppError } from './app-error.js';
export type { AppErrorInit, ErrorKind } from './app-error.js';
export { toAppError } from './to-app-error.js';
