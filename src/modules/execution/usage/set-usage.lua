-- What PostgreSQL has of a tenant's usage. It lags behind Redis, and never runs ahead: what Redis knows is only ever raised to it.
-- KEYS: usage, reservations    ARGV: 1 now (ms), 2 day, 3 its tokens, 4 their cost, 5 month, 6 its tokens, 7 their cost
if redis.call('EXISTS', KEYS[1]) == 0 then
  -- Runs that have not ended, or not been forgotten, give back what they have reserved.
  local tokens, cost = 0, 0
  for _, reserved in ipairs(redis.call('HVALS', KEYS[2])) do
    local ofTokens, ofCost = string.match(reserved, '(%d+) (%d+)')
    tokens, cost = tokens + ofTokens, cost + ofCost
  end
  return redis.call('HSET', KEYS[1], 'readAt', ARGV[1], 'day', ARGV[2], 'dayTokens', ARGV[3], 'dayCost', ARGV[4],
    'month', ARGV[5], 'monthTokens', ARGV[6], 'monthCost', ARGV[7], 'reservedTokens', string.format('%.0f', tokens), 'reservedCost', string.format('%.0f', cost))
end
local has = redis.call('HMGET', KEYS[1], 'day', 'dayTokens', 'dayCost', 'month', 'monthTokens', 'monthCost')
local names = { 'day', 'dayTokens', 'dayCost', 'month', 'monthTokens', 'monthCost' }
for _, first in ipairs({ 1, 4 }) do
  -- A period that Redis has not begun to count has nothing in it.
  if ARGV[first + 1] > has[first] then
    redis.call('HSET', KEYS[1], names[first], ARGV[first + 1], names[first + 1], ARGV[first + 2], names[first + 2], ARGV[first + 3])
  elseif ARGV[first + 1] == has[first] then
    for i = first + 1, first + 2 do
      if tonumber(ARGV[i + 1]) > tonumber(has[i]) then redis.call('HSET', KEYS[1], names[i], ARGV[i + 1]) end
    end
  end
end
redis.call('HSET', KEYS[1], 'readAt', ARGV[1])
return 0
