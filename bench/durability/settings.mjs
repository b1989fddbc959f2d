const NO_REWRITES = ['--auto-aof-rewrite-percentage', '0'];

/** Arguments of redis-server under each setting. */
export const SETTINGS = Object.fromEntries(['always', 'everysec', 'no'].map((setting) => [setting, [...NO_REWRITES, '--appendfsync', setting]]));

/** A Redis that keeps nothing: there the trials have to find everything lost. */
export const CONTROL = ['--appendonly', 'no'];
