-- Nobody looks after a run any more: PostgreSQL has it, or there is nothing of it. What it has reserved, if it never ended, is given back.
-- KEYS: runs, usage, reservations    ARGV: executionId
redis.call('ZREM', KEYS[1], ARGV[1])
local reserved = redis.call('HGET', KEYS[3], ARGV[1])
if not reserved then return 0 end
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then
  local tokens, cost = string.match(reserved, '(%d+) (%d+)')
  redis.call('HINCRBY', KEYS[2], 'reservedTokens', 0 - tokens)
  redis.call('HINCRBY', KEYS[2], 'reservedCost', 0 - cost)
end
return 1
