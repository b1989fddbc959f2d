import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseSettings } from '../config/index.js';
import { HealthChecks } from '../telemetry/index.js';
import { dataSourceOptions } from './data-source-options.js';
import { Transactions } from './transactions.service.js';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [DatabaseSettings],
      useFactory: (settings: DatabaseSettings) => ({ ...dataSourceOptions(settings), autoLoadEntities: true, retryAttempts: 0 }),
    }),
  ],
  providers: [Transactions],
  exports: [Transactions],
})
export class DatabaseModule {
  constructor(dataSource: DataSource, health: HealthChecks) {
    health.register('postgresql', () => dataSource.query('SELECT 1'));
  }

  /** Makes the TypeORM repositories of these entities injectable in the importing module. */
  static forEntities(...entities: (new () => object)[]): DynamicModule {
    return TypeOrmModule.forFeature(entities);
  }
}
