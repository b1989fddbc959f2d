-- Nobody looks after a run, or a reservation without a run, any more: PostgreSQL has it, or there is nothing of it. What it has reserved, if it
-- never ended, is given back, and what the reservation's call has used is counted.
-- KEYS: runs, usage, reservations    ARGV: 1 its id, 2 at (ISO-8601), 3 tokens used, 4 what they cost
redis.call('ZREM', KEYS[1], ARGV[1])
local reserved = redis.call('HGET', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
-- While Redis does not know the usage there is nothing to add to: it is read from PostgreSQL.
local counted = redis.call('HMGET', KEYS[2], 'day', 'month')
if not counted[1] then return 0 end
if reserved then
  local tokens, cost = string.match(reserved, '(%d+) (%d+)')
  redis.call('HINCRBY', KEYS[2], 'reservedTokens', 0 - tokens)
  redis.call('HINCRBY', KEYS[2], 'reservedCost', 0 - cost)
end
if ARGV[3] == '0' and ARGV[4] == '0' then return 1 end
local today, month = string.sub(ARGV[2], 1, 10), string.sub(ARGV[2], 1, 7)
if today > counted[1] then redis.call('HSET', KEYS[2], 'day', today, 'dayTokens', 0, 'dayCost', 0) end
if month > counted[2] then redis.call('HSET', KEYS[2], 'month', month, 'monthTokens', 0, 'monthCost', 0) end
for _, period in ipairs({ 'day', 'month' }) do
  redis.call('HINCRBY', KEYS[2], period .. 'Tokens', ARGV[3])
  redis.call('HINCRBY', KEYS[2], period .. 'Cost', ARGV[4])
end
return 1
