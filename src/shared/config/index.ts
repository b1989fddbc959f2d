export { ConfigModule } from './config.module.js';
export { loadSettings } from './load-settings.js';
export type { Settings } from './load-settings.js';
export { settingFields } from './setting.js';
export { CacheSettings, ConversationSettings, DatabaseSettings, ExecutionSettings, MigrationSettings, ModelSettings, RedisSettings, SETTINGS_CLASSES, ServerSettings } from './settings.js';
