-- Reserves what a call of a model outside of a run may use, if its tenant's budgets have room for it, as accept-run.lua does for a run.
-- forget-run.lua gives it back, also if whoever has reserved it is lost: the sweep finds it among the runs of which there is nothing.
-- KEYS: runs, usage, reservations
-- ARGV: 1 id of the reservation, 2 at (ISO-8601), 3 budgets by name (JSON), 4 tokens and 5 cost at the most, 6 look after it at (ms)
-- Returns { 'reserved' }, { 'limited', name of the budget, what is used, what is reserved }, or { 'unread' } if usage is not known
local used = redis.call('HMGET', KEYS[2], 'day', 'month', 'dayTokens', 'dayCost', 'monthTokens', 'monthCost', 'reservedTokens', 'reservedCost')
if not used[1] then return { 'unread' } end
local isNewDay, isNewMonth = string.sub(ARGV[2], 1, 10) > used[1], string.sub(ARGV[2], 1, 7) > used[2]
local limits = cjson.decode(ARGV[3])
local budgets = {
  { 'tokensPerDay', 3, 7, 4, isNewDay }, { 'tokensPerMonth', 5, 7, 4, isNewMonth },
  { 'costMicrosPerDay', 4, 8, 5, isNewDay }, { 'costMicrosPerMonth', 6, 8, 5, isNewMonth },
}
for _, budget in ipairs(budgets) do
  local spent, reserved = budget[5] and 0 or tonumber(used[budget[2]]), tonumber(used[budget[3]])
  if limits[budget[1]] and spent + reserved + tonumber(ARGV[budget[4]]) > limits[budget[1]] then return { 'limited', budget[1], spent, reserved } end
end
redis.call('ZADD', KEYS[1], ARGV[6], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[4] .. ' ' .. ARGV[5])
redis.call('HINCRBY', KEYS[2], 'reservedTokens', ARGV[4])
redis.call('HINCRBY', KEYS[2], 'reservedCost', ARGV[5])
return { 'reserved' }
