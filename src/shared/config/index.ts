export { ConfigModule } from './config.module.js';
export { parseHostList } from './host-list.js';
export type { HostList } from './host-list.js';
export { loadSettings } from './load-settings.js';
export type { Settings } from './load-settings.js';
export { parseAddressList, parseOriginList } from './origin-list.js';
export { parseModelLimits } from './parse-model-limits.js';
export { settingFields } from './setting.js';
export { CacheSettings, ConversationSettings, CrmSettings, DatabaseSettings, EdgeSettings, ExecutionSettings, MemorySettings, MigrationSettings, ModelSettings, OutboundSettings, RedisSettings, RetentionSettings, SETTINGS_CLASSES, ServerSettings, WebhookSettings } from './settings.js';
